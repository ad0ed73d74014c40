import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import type { Finding } from "@libs/problems/findings";

/**
 * What the doctor checks.
 * @see {@link runDoctor}
 */
export interface DoctorOptions {
  /** As the gateway has it. */
  keycloak: KeycloakOptions;
  databaseUrl: string;
  /** `DATABASE_DIRECT_URL`, where the gateway has it. */
  databaseDirectUrl?: string | undefined;
  /** As the gateway has it. */
  tokenEncryptionKeys: string;
  /** An administrator of the `master` realm, for what the gateway's own client may not see. */
  admin?: { username: string; password: string };
  /** What the client is to have; left out: any. */
  backchannelLogoutUrl?: string;
  /** What the realm is to have; left out: what suits its address. */
  sslRequired?: "none" | "external" | "all";
  /** `DATABASE_POOL_SIZE` of one gateway; default 10. */
  poolSize?: number;
  /** Gateways at once, also while a new version takes over from an old one; default 2. */
  replicas?: number;
  /** Milliseconds for a call to Keycloak or a statement; default 10 000. */
  timeoutMs?: number;
  /** This machine's clock, in milliseconds since the epoch. */
  now?: () => number;
}

/**
 * What the doctor found.
 * @see {@link runDoctor}
 */
export interface DoctorReport {
  /** Errors first; empty: healthy. */
  findings: Finding[];
  /** What could not be checked, and why. */
  unchecked: string[];
}

/** What one group of checks found. */
export type Checked = Partial<DoctorReport>;
