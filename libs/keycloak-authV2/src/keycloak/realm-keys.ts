import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWKSCacheInput,
  type JWSHeaderParameters,
  type JWTVerifyGetKey,
  jwksCache,
} from "jose";
import { AuthError } from "../errors/index.ts";
import { DEFAULT_TIMEOUT_MS, type KeycloakOptions, keycloakEndpoints } from "./keycloak-options.ts";

const MAX_AGE_MS = 10 * 60 * 1000;
/** A `kid` that is not known makes us ask Keycloak at most this often, however long ago the last fetch was. */
const COOL_DOWN_MS = 2 * 1000;
/** How long a new key of the realm may stay unknown to {@link RealmKeys.known}. */
const FRESH_EVERY_MS = 60 * 1000;
const FRESH_AGAIN_MS = 5 * 1000;

/** The realm's published signing keys, fetched once for every verifier. A key that was replaced is good while it is published. */
export class RealmKeys {
  /** For tokens of callers who have to be told for certain: fetches what is missing. */
  readonly published: JWTVerifyGetKey;
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  #asking: Promise<void> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  readonly #cache: Partial<{ uat: number; jwks: Parameters<typeof createLocalJWKSet>[0] }> = {};
  #known: { uat: number; keys: JWTVerifyGetKey } | undefined;

  constructor(options: Pick<KeycloakOptions, "url" | "realm" | "issuer" | "timeoutMs">) {
    this.published = (header, token) => this.#find(header, token);
    this.#remote = createRemoteJWKSet(new URL(keycloakEndpoints(options).certs), {
      cacheMaxAge: MAX_AGE_MS,
      // jose counts it from any fetch: a key that is new just after one would stay unknown.
      cooldownDuration: Number.POSITIVE_INFINITY,
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

  /** Fetches the keys now. */
  async reload(): Promise<void> {
    await this.#remote.reload();
  }

  /** Fetches the keys now and then every minute; sooner while that fails. @returns stops it */
  keepFresh(everyMs = FRESH_EVERY_MS, againMs = FRESH_AGAIN_MS): () => void {
    let timer: Timer | undefined;
    let stopped = false;
    const fetchThem = async () => {
      const next = await this.#remote.reload().then(
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

  async #find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    try {
      return await this.#remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const asking = this.#ask();
      if (!asking) throw error;
      await asking;
      return await this.#remote(header, token);
    }
  }

  /** One fetch for all who miss a key at once. @returns undefined within the cool-down */
  #ask(): Promise<void> | undefined {
    if (!this.#asking && performance.now() - this.#lastAskedAt >= COOL_DOWN_MS) {
      this.#lastAskedAt = performance.now();
      this.#asking = this.#remote.reload().finally(() => {
        this.#asking = undefined;
      });
    }
    return this.#asking;
  }
}
