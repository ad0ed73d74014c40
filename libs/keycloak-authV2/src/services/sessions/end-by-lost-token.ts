import type { Session } from "@libs/database";
import { AuthError } from "@libs/problems";
import type { KeycloakAuthentication } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { UnknownTokenGate } from "../shared/unknown-token-gate.ts";
import { lostTokenOf } from "./lost-token.ts";

/** For {@link endByLostToken}. */
export type EndByLostTokenDeps = Pick<SyncDeps, "now"> & {
  unknownTokens: Pick<UnknownTokenGate, "ask">;
  authentication: Pick<KeycloakAuthentication, "logout">;
};

export interface PresentedToken {
  refreshToken: string;
  /** Of the same. */
  refreshTokenHash: string;
}

/**
 * Ends a session in Keycloak by a refresh token that its row does not know, because the database has lost it. Keycloak
 * takes none but its own.
 * @throws AuthError `session.invalid` when it can't be the session's, or Keycloak does not take it; `session.busy`; `keycloak.*`
 */
export async function endByLostToken(
  { now, unknownTokens, authentication }: EndByLostTokenDeps,
  session: Session,
  { refreshToken, refreshTokenHash }: PresentedToken,
): Promise<void> {
  if (!lostTokenOf(session, refreshToken, refreshTokenHash, now())) throw new AuthError("session.invalid");
  await unknownTokens.ask(session.sessionId, refreshTokenHash, async () => {
    if (!(await authentication.logout(refreshToken))) throw new AuthError("session.invalid");
  });
}
