import { createLocalJWKSet, createRemoteJWKSet, type JWKSCacheInput, type JWTVerifyGetKey, jwksCache } from "jose";
import { AuthError } from "../errors/index.ts";
import { DEFAULT_TIMEOUT_MS, type KeycloakOptions, keycloakEndpoints } from "./keycloak-options.ts";

const MAX_AGE_MS = 10 * 60 * 1000;
/** A made-up `kid` makes us ask Keycloak at most this often. */
const COOL_DOWN_MS = 30 * 1000;
/** How long a new key of the realm may stay unknown to {@link RealmKeys.known}. */
const FRESH_EVERY_MS = 60 * 1000;
const FRESH_AGAIN_MS = 5 * 1000;

/** The realm's published signing keys, fetched once for every verifier. A key that was replaced is good while it is published. */
export class RealmKeys {
  /** For tokens of callers who have to be told for certain: fetches what is missing, at most every 30 s. */
  readonly published: JWTVerifyGetKey & { reload(): Promise<void> };
  readonly #cache: Partial<{ uat: number; jwks: Parameters<typeof createLocalJWKSet>[0] }> = {};
  #known: { uat: number; keys: JWTVerifyGetKey } | undefined;

  constructor(options: Pick<KeycloakOptions, "url" | "realm" | "issuer" | "timeoutMs">) {
    this.published = createRemoteJWKSet(new URL(keycloakEndpoints(options).certs), {
      cacheMaxAge: MAX_AGE_MS,
      cooldownDuration: COOL_DOWN_MS,
      timeoutDuration: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      [jwksCache]: this.#cache as JWKSCacheInput,
    });
  }

  /** The keys as they were fetched last, without a call. @throws AuthError `keycloak.unavailable` when none ever was */
  get known(): JWTVerifyGetKey {
    const { uat, jwks } = this.#cache;
    if (uat === undefined || !jwks) throw new AuthError("keycloak.unavailable", { internal: "certs: none known yet" });
    if (this.#known?.uat !== uat) this.#known = { uat, keys: createLocalJWKSet(jwks) };
    return this.#known.keys;
  }

  /** Fetches the keys now and then every minute; sooner while that fails. @returns stops it */
  keepFresh(everyMs = FRESH_EVERY_MS, againMs = FRESH_AGAIN_MS): () => void {
    let timer: Timer | undefined;
    let stopped = false;
    const fetchThem = async () => {
      const next = await this.published.reload().then(
        () => everyMs,
        () => againMs,
      );
      if (stopped) return;
      timer = setTimeout(() => void fetchThem(), next);
      timer.unref();
    };
    void fetchThem();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }
}
