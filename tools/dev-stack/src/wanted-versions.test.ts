import { expect, test } from "bun:test";
import { hasWantedVersions } from "./wanted-versions.ts";

const running = { keycloak: "26.4.7", postgres: "16" };

test("who asks for nothing takes what runs", () => {
  expect(hasWantedVersions(running, {}, {})).toBe(true);
  expect(hasWantedVersions(undefined, {}, {})).toBe(true);
});

test("the environment's versions, or their minors, must be those that run", () => {
  expect(hasWantedVersions(running, {}, { KEYCLOAK_VERSION: "26.4", POSTGRES_VERSION: "16" })).toBe(true);
  expect(hasWantedVersions(running, {}, { KEYCLOAK_VERSION: "26.2" })).toBe(false);
  expect(hasWantedVersions(running, {}, { POSTGRES_VERSION: "18" })).toBe(false);
});

test("what code asks for goes before the environment", () => {
  expect(hasWantedVersions(running, { keycloakVersion: "26.4" }, { KEYCLOAK_VERSION: "26.2" })).toBe(true);
  expect(hasWantedVersions(running, { postgresVersion: "14" }, { POSTGRES_VERSION: "16" })).toBe(false);
});

test("a stack that does not say its versions is of the default ones", () => {
  expect(hasWantedVersions(undefined, { keycloakVersion: "26.7" }, {})).toBe(true);
  expect(hasWantedVersions(undefined, { keycloakVersion: "26.4" }, {})).toBe(false);
});
