import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../base/report.ts";
import { keycloakDistribution } from "./distribution.ts";

const java = { path: "/nowhere/java", version: 21 };

/** A folder that looks like a built Keycloak. @param says content of its `version.txt` */
async function withHome(says: string | undefined, work: (home: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "keycloak-home-"));
  mkdirSync(join(home, "lib/quarkus"), { recursive: true });
  writeFileSync(join(home, "lib/quarkus-run.jar"), "");
  writeFileSync(join(home, "lib/quarkus/generated-bytecode.jar"), "META-INF/keycloak-persisted.properties");
  if (says !== undefined) writeFileSync(join(home, "version.txt"), says);
  try {
    await work(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}

test.each([
  ["Keycloak - Version 26.2.5\n", "26.2.5"],
  ["Red Hat build of Keycloak - Version 26.2.5.redhat-00001\n", "26.2.5.redhat-00001"],
])("KEYCLOAK_HOME is of the version that it says: %p", (says, version) =>
  withHome(says, async (home) => {
    expect(await keycloakDistribution(java, silent, undefined, { KEYCLOAK_HOME: home })).toEqual({ home, version });
    const both = { KEYCLOAK_HOME: home, KEYCLOAK_VERSION: "26.2" };
    expect(await keycloakDistribution(java, silent, undefined, both)).toEqual({ home, version });
  }),
);

test("KEYCLOAK_HOME and another KEYCLOAK_VERSION are refused", () =>
  withHome("Keycloak - Version 26.2.5", async (home) => {
    const env = { KEYCLOAK_HOME: home, KEYCLOAK_VERSION: "26.4" };
    await expect(keycloakDistribution(java, silent, undefined, env)).rejects.toThrow(
      "KEYCLOAK_HOME has Keycloak 26.2.5, KEYCLOAK_VERSION asks for 26.4",
    );
  }));

test("KEYCLOAK_HOME without a version or without a Keycloak is refused", async () => {
  await withHome(undefined, async (home) => {
    await expect(keycloakDistribution(java, silent, undefined, { KEYCLOAK_HOME: home })).rejects.toThrow("version.txt");
  });
  await expect(keycloakDistribution(java, silent, undefined, { KEYCLOAK_HOME: "/nowhere" })).rejects.toThrow(
    "quarkus-run.jar",
  );
});

test("what code asks for is the given one only where that is of this version", () =>
  withHome("Keycloak - Version 26.2.5", async (home) => {
    const env = { KEYCLOAK_HOME: home };
    expect(await keycloakDistribution(java, silent, "26.2", env)).toEqual({ home, version: "26.2.5" });
    await expect(keycloakDistribution(java, silent, "1.0", env)).rejects.toThrow("no pinned Keycloak 1.0");
  }));
