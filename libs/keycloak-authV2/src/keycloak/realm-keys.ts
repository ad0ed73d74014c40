import { type KeycloakOptions, keycloakEndpoints, PublishedKeys } from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";
import { errors, type JWTVerifyGetKey } from "jose";

/** A `kid` that is not known makes us ask Keycloak at most this often, however long ago the last fetch was. */
const COOL_DOWN_MS = 200;
/** For one token. Keycloak has just signed it, and may publish a new key a moment later: the first fetch can miss it. */
const MAX_FETCHES = 3;

/** The realm's published signing keys, fetched once for every verifier. A key that was replaced is good while it is published. */
export class RealmKeys {
  /** For tokens of callers who need a certain answer: fetches what is missing. @throws AuthError `keycloak.unavailable` */
  readonly published: JWTVerifyGetKey;
  readonly #keys: PublishedKeys;
  #asking: Promise<void> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<KeycloakOptions, "url" | "realm" | "issuer" | "timeoutMs">) {
    this.published = (header, token) => this.#find(header, token);
    this.#keys = new PublishedKeys({ certs: keycloakEndpoints(options).certs, timeoutMs: options.timeoutMs });
  }

  /** The keys as they were fetched last, without a call. @throws AuthError `keycloak.unavailable` when none ever was */
  get known(): JWTVerifyGetKey {
    const { set } = this.#keys;
    if (!set) throw unavailable("none known yet");
    return set.verify;
  }

  /** Fetches the keys now. @throws AuthError `keycloak.unavailable` */
  async reload(): Promise<void> {
    if (!(await this.#keys.fetch())) throw unavailable("not fetched");
  }

  /** Fetches the keys now and every 30 s; sooner while that fails. @returns stops it */
  keepFresh(everyMs?: number, againMs?: number): () => void {
    return this.#keys.keepFresh(everyMs, againMs);
  }

  async #find(...[header, token]: Parameters<JWTVerifyGetKey>) {
    if (this.#keys.set) await this.#keys.refreshIfOld();
    else await this.reload();
    for (let asked = 0; ; asked++) {
      try {
        return await this.known(header, token);
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
    await this.reload();
  }
}

const unavailable = (reason: string) => new AuthError("keycloak.unavailable", { internal: `certs: ${reason}` });
