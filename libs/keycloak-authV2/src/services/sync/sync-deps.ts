import type { BusinessRepository, RegistrationRepository, SessionRepository, UserRepository } from "@libs/database";
import type { BackgroundTasks, Logger } from "@libs/observability";
import type { TokenCipher } from "../../crypto/index.ts";
import type { AuthMetrics } from "../../metrics.ts";
import type { KeycloakUserRepository } from "../../ports.ts";
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
}
