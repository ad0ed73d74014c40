// `KEYCLOAK_HOME` with another Keycloak than the default one: it gets data of its own, not a copy of the default one's.
import { expect, test } from "bun:test";
import { openTestStack, STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { keycloakDistribution } from "../../libs/dev-stack/src/keycloak/distribution.ts";
import { findJava } from "../../libs/dev-stack/src/machine/java.ts";
import { keycloakVersion } from "./arrival-mode.ts";

test(
  "a KEYCLOAK_HOME of another version starts beside the default one's template of data",
  async () => {
    const java = findJava();
    if (!java) throw new Error("no Java was found");
    const { home, version } = await keycloakDistribution(java, () => {}, process.env.KEYCLOAK_VERSION || "26.4");
    process.env.KEYCLOAK_HOME = home;
    try {
      const stack = await openTestStack({ attach: false });
      try {
        expect(await keycloakVersion(stack)).toBe(version);
        expect(stack.versions?.keycloak).toBe(version);
      } finally {
        await stack.stop();
      }
    } finally {
      delete process.env.KEYCLOAK_HOME;
    }
  },
  STACK_TIMEOUT_MS,
);
