import { expect, test } from "bun:test";
import { KEYCLOAK_RELEASES } from "@libs/dev-stack";
import { TESTED_KEYCLOAK } from "@libs/problems/findings";
import { combinations, NEWEST_KEYCLOAK, NEWEST_POSTGRES } from "./combinations.ts";

test("all: each Keycloak with the newest PostgreSQL, each PostgreSQL with the newest Keycloak, no pair twice", () => {
  const all = combinations();
  expect(all[0]).toEqual({ keycloak: NEWEST_KEYCLOAK, postgres: NEWEST_POSTGRES });
  expect(all.filter(({ postgres }) => postgres === NEWEST_POSTGRES)).toHaveLength(10);
  expect(all.filter(({ keycloak }) => keycloak === NEWEST_KEYCLOAK).map(({ postgres }) => postgres)).toEqual([
    "18",
    "17",
    "16",
    "15",
    "14",
  ]);
  expect(all).toHaveLength(14);
});

test("what is chosen alone is run, a minor by its newest patch", () => {
  expect(combinations({ keycloak: "26.2, 26.4.7" })).toEqual([
    { keycloak: "26.4.7", postgres: NEWEST_POSTGRES },
    { keycloak: "26.2.5", postgres: NEWEST_POSTGRES },
  ]);
  expect(combinations({ postgres: "14" })).toEqual([{ keycloak: NEWEST_KEYCLOAK, postgres: "14" }]);
  expect(combinations({ keycloak: "26.4", postgres: "14" })).toEqual([
    { keycloak: "26.4.7", postgres: NEWEST_POSTGRES },
    { keycloak: NEWEST_KEYCLOAK, postgres: "14" },
  ]);
});

test.each([{ keycloak: "26.9" }, { postgres: "9" }])("%p is refused", (chosen) => {
  expect(() => combinations(chosen)).toThrow("no pinned");
});

test("the minors that the product takes for tested are those that are run", () => {
  const minors = KEYCLOAK_RELEASES.map(({ version }) => version.split(".").slice(0, 2).join("."));
  expect(minors).toEqual([...TESTED_KEYCLOAK]);
});
