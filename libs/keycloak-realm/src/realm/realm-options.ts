import type { RealmChange } from "./realm-change.ts";

/**
 * What {@link applyRealm} sets up, and as whom.
 * @see {@link applyRealm}
 */
export interface RealmOptions {
  /** Keycloak's base URL, as this process dials it. */
  keycloakUrl: string;
  /** An administrator of the `master` realm; used for this run alone. */
  admin: { username: string; password: string };
  realm: string;
  /** The gateway's confidential client. */
  clientId: string;
  clientSecret: string;
  /** Where Keycloak announces sessions that ended; left as it is when not given. */
  backchannelLogoutUrl?: string;
  /** `none` only for development over plain HTTP; `external` when left out. */
  sslRequired?: "none" | "external" | "all";
  /** Keycloak's policy language, for example `length(12) and notUsername`; left as it is when not given. */
  passwordPolicy?: string;
  /** Realm roles that the application uses: created where missing, and let into the gateway's tokens. */
  roles?: readonly string[];
  /** Seconds; left as it is when not given. */
  accessTokenLifespanSeconds?: number;
  /** Seconds; left as it is when not given. */
  ssoSessionIdleSeconds?: number;
  /** Seconds; left as it is when not given. */
  ssoSessionMaxSeconds?: number;
  /** How long both event stores keep an event, in seconds; 7 days when left out. */
  eventsExpirationSeconds?: number;
  /** Milliseconds for each call to Keycloak; 30 s when left out: a first call to a cold Keycloak is slow. */
  timeoutMs?: number;
  /** Gets a sentence about a Keycloak that is newer than tested, or works without events. */
  onVersion?: (sentence: string) => void;
  /** Hears of each change as it is made. */
  log?: (change: string) => void;
}

/** What one step of the setup works with. */
export interface RealmStep {
  options: RealmOptions;
  /**
   * Writes what differs, or only reports it when this is a plan.
   * @param changes never with a secret
   * @returns what `send` answered; undefined when nothing was sent
   */
  change: <T>(changes: RealmChange[], send: () => Promise<T>) => Promise<T | undefined>;
}
