import type { BusinessRepository, RegistrationRepository, SessionRepository, UserRepository } from "@libs/database";
import type { BackgroundTasks, Logger } from "@libs/observability";
import type { TokenCipher } from "../../crypto/index.ts";
import type { AuthMetrics } from "../../metrics.ts";
import type { KeycloakUserRepository } from "../../ports.ts";
import type { Wake } from "../../workers/index.ts";
import type { MarkCheck } from "./mark-check.ts";

/** Everything that the flows of this folder stand on: ports, a clock, and places to tell what happened. */
export interface SyncDeps {
  keycloak: KeycloakUserRepository;
  users: UserRepository;
  sessions: SessionRepository;
  registrations: RegistrationRepository;
  business: BusinessRepository;
  checkMark: MarkCheck;
  cipher: TokenCipher;
  now: () => Date;
  /** How long a replaced refresh token still gets its successor's answer: parallel tabs, lost answers. Milliseconds. */
  refreshGraceMs: number;
  metrics: AuthMetrics;
  logger: Logger;
  background: BackgroundTasks;
  /** Has a sweep run soon, on some replica. */
  wake: Wake;
  /** How long a registration is left to its own process before recovery takes it up. Milliseconds. */
  recoveryAfterMs: number;
  /** How long a create whose answer was lost may still land in Keycloak. Milliseconds. */
  lostCreateMs: number;
}
