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
const COOL_DOWN_MS = 200;
/** For one token. Keycloak has just signed it, and may publish a new key a moment later: the first fetch can miss it. */
const MAX_FETCHES = 3;
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
    for (let asked = 0; ; asked++) {
      try {
        return await this.#remote(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || asked === MAX_FETCHES) throw error;
      }
      await this.#ask();
    }
  }

  /** One fetch for all who miss a key at once; within the cool-down, when that is over. */
  #ask(): Promise<void> {
    this.#asking ??= this.#reloadAfterCoolDown().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #reloadAfterCoolDown(): Promise<void> {
    const coolDownLeftMs = this.#lastAskedAt + COOL_DOWN_MS - performance.now();
    if (coolDownLeftMs > 0) await Bun.sleep(coolDownLeftMs);
    this.#lastAskedAt = performance.now();
    await this.#remote.reload();
  }
}
