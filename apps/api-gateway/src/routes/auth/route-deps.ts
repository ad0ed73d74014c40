import type { KeycloakAuth } from "@libs/auth-guard";
import type { WithinDeadline } from "@libs/http";
import type { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import type { UserSyncService } from "@libs/keycloak-authV2/services/sync";
import type { ClientAddress } from "../../http/client-address.ts";
import type { AuthLimits } from "../../limits/auth-limits.ts";

/** What the routes of /auth share; each takes the part that it needs. */
export interface AuthRouteDeps {
  integration: Pick<KeycloakIntegrationService, "assertRoom">;
  sync: Pick<
    UserSyncService,
    | "registerUser"
    | "realmProfile"
    | "login"
    | "refreshSession"
    | "logoutSession"
    | "findUser"
    | "listSessions"
    | "endOwnSession"
    | "logoutPerson"
    | "listActivity"
  >;
  /** Takes what Keycloak reports. */
  feed?: { receiveLogoutToken(token: string): Promise<void> } | undefined;
  /** Guards the routes for people. */
  auth: KeycloakAuth;
  clientAddress: ClientAddress;
  limits: AuthLimits;
  withinDeadline: WithinDeadline;
}

/** What a route for people needs: who asks is the guard's answer, never the request's. */
export type PersonRouteDeps = Pick<AuthRouteDeps, "sync" | "auth" | "withinDeadline">;

/** The longest user agent that is kept, in characters. */
const userAgentLimit = 512;

/** Who is calling, as Keycloak and the session's row shall see them. */
export function clientDetails(
  request: Request,
  server: Parameters<ClientAddress>[1],
  clientAddress: ClientAddress,
): { ipAddress: string | undefined; userAgent: string | undefined } {
  return {
    ipAddress: clientAddress(request, server),
    userAgent: request.headers.get("user-agent")?.slice(0, userAgentLimit) || undefined,
  };
}
