import { expect, test } from "bun:test";
import type { PrismaClient } from "@libs/database";
import { createMetricsRegistry } from "@libs/observability";
import { AuthError } from "@libs/problems";
import type { KeycloakAdapters } from "../../keycloak/index.ts";
import { createAuthMetrics } from "../../metrics/metrics.ts";
import { KeycloakIntegrationService } from "./keycloak-integration-service.ts";

const tokens = { access_token: "a", refresh_token: "r", session_state: "s" };

function refreshing(failure: AuthError): Promise<unknown> {
  const verifyAccessToken = async () => {
    throw failure;
  };
  const adapters = { tokenClient: { refresh: async () => tokens }, tokenVerifier: { verifyAccessToken } };
  const metrics = createAuthMetrics(createMetricsRegistry());
  const service = new KeycloakIntegrationService(
    adapters as object as KeycloakAdapters,
    metrics,
    {} as object as PrismaClient,
  );
  return service.refreshToken("old").catch((error: AuthError) => error.code);
}

test.each(["keycloak.unavailable", "keycloak.timeout"] as const)(
  "new tokens are not thrown away where the keys can't be fetched (%s): the old token may be spent",
  async (code) => expect(await refreshing(new AuthError(code))).toEqual(tokens),
);

test("new tokens that no guard would accept are refused", async () => {
  expect(await refreshing(new AuthError("token.invalid"))).toBe("keycloak.misconfigured");
});
