import { expect, test } from "bun:test";
import { KEYCLOAK_VERSION } from "../base/constants.ts";
import { isAtLeast, isVersion, KEYCLOAK_RELEASES, keycloakRelease } from "./releases.ts";

test("a version and its minor name the same release", () => {
  expect(keycloakRelease("26.4.7").version).toBe("26.4.7");
  expect(keycloakRelease("26.4").version).toBe("26.4.7");
  expect(keycloakRelease(KEYCLOAK_VERSION)).toBe(KEYCLOAK_RELEASES.at(-1) as never);
});

test.each(["26.4.6", "26", "2", "26.40", "", "latest", "26.4."])("%p is refused with what there is", (wanted) => {
  expect(() => keycloakRelease(wanted)).toThrow(`no pinned Keycloak ${wanted}; there are 24.0.5, 25.0.6, 26.0.8`);
});

test("one release a minor, oldest first, each with a SHA-256", () => {
  const minors = KEYCLOAK_RELEASES.map(({ version }) => version.split(".").slice(0, 2).map(Number) as [number, number]);
  for (const [index, minor] of minors.entries()) {
    const next = minors[index + 1];
    if (next) expect(isAtLeast(minor.join("."), next)).toBe(false);
  }
  for (const { sha256 } of KEYCLOAK_RELEASES) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("a minor is not the beginning of another one", () => {
  expect(isVersion("26.4.7", "26.4")).toBe(true);
  expect(isVersion("26.40.1", "26.4")).toBe(false);
  expect(isVersion("26.4.7", "26")).toBe(false);
});

test("versions are compared as numbers, a vendor's addition aside", () => {
  expect(isAtLeast("26.10.0", [26, 9])).toBe(true);
  expect(isAtLeast("26.2.5.redhat-00001", [26, 2])).toBe(true);
  expect(isAtLeast("25.9.9", [26, 0])).toBe(false);
});
