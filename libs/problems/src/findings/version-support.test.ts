import { expect, test } from "bun:test";
import { NEWEST_KEYCLOAK, TESTED_KEYCLOAK, versionSupport } from "./version-support.ts";

test.each([
  ["19.0.3", "too_old"],
  ["23.0.7", "too_old"],
  ["24.0.0", "without_events"],
  ["25.0.6", "without_events"],
  ["26.1.4", "without_events"],
  ["26.2.0", "full"],
  ["26.4.7.redhat-00001", "full"],
  ["26.7.4", "full"],
  ["26.8.0", "untested"],
  ["26.10.0", "untested"],
  ["27.0.0", "untested"],
  ["999.0.0-SNAPSHOT", "untested"],
  ["nightly", "untested"],
])("%s: %s", (version, expected) => {
  expect(versionSupport(version)).toBe(expected as never);
});

test("each tested minor is supported, and the newest is the last", () => {
  for (const minor of TESTED_KEYCLOAK) expect(versionSupport(`${minor}.1`)).not.toBe("too_old");
  expect(TESTED_KEYCLOAK.map((minor) => versionSupport(`${minor}.1`))).not.toContain("untested");
  expect(NEWEST_KEYCLOAK).toBe("26.7");
});
