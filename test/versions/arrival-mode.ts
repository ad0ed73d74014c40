import { isAtLeast, type TestStack } from "@libs/dev-stack";
import type { ArrivalMode } from "./figures.ts";

/** Within which everybody is compared where reconciliation alone brings changes, in milliseconds. */
export const PERIOD_MS = 5_000;

const FIRST_WITH_EVENTS = [26, 2] as const;

/** How changes arrive from the Keycloak at hand; by its version alone, so that a gateway that finds less is seen. */
export async function arrivalMode({ keycloakUrl, keycloakAdmin }: TestStack): Promise<ArrivalMode> {
  const version = await keycloakVersion({ keycloakUrl, keycloakAdmin });
  return isAtLeast(version, FIRST_WITH_EVENTS) ? "events" : "reconciliation";
}

/** Settings of a gateway with which changes arrive in one way only, so that the other one can't stand in for it. */
export function onlyBy(mode: ArrivalMode): Record<string, string> {
  return mode === "events"
    ? { RECONCILE_ENABLED: "false" }
    : { RECONCILE_PERIOD_MS: String(PERIOD_MS), RECONCILE_MAX_CALLS_PER_SECOND: "200" };
}

/** As the server itself says, e.g. "26.4.7". */
export async function keycloakVersion({
  keycloakUrl,
  keycloakAdmin,
}: Pick<TestStack, "keycloakUrl" | "keycloakAdmin">): Promise<string> {
  const token = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...keycloakAdmin }),
  });
  const { access_token } = (await token.json()) as { access_token: string };
  const answer = await fetch(`${keycloakUrl}/admin/serverinfo`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  return ((await answer.json()) as { systemInfo: { version: string } }).systemInfo.version;
}
