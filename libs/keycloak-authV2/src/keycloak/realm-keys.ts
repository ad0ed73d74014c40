import type { PublishedKeys, TokenKeys } from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";
import type { JWTVerifyGetKey } from "jose";

/** A `kid` that is not known makes us ask Keycloak at most this often, however long ago the last fetch was. */
const COOL_DOWN_MS = 200;
/** For one token. Keycloak has just signed it, and may publish a new key a moment later: the first fetch can miss it. */
const MAX_FETCHES = 3;

/**
 * The realm's published signing keys as a gateway uses them, for tokens that Keycloak has just handed out: a caller needs a
 * certain answer, so what is missing is fetched. A key that was replaced is good while it is published.
 */
export class RealmKeys implements TokenKeys {
  #asking: Promise<void> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly keys: PublishedKeys) {}

  /** The keys as they were fetched last, without a call. @throws AuthError `keycloak.unavailable` when none ever was */
  get known(): JWTVerifyGetKey {
    return this.#set.verify;
  }

  /** Fetches the keys now. @throws AuthError `keycloak.unavailable` */
  async reload(): Promise<void> {
    if (!(await this.keys.fetch())) throw unavailable("not fetched");
  }

  async find(kid: string): Promise<JWTVerifyGetKey | undefined> {
    if (this.keys.set) await this.keys.refreshIfOld();
    else await this.reload();
    for (let asked = 0; !this.#set.ids.has(kid); asked++) {
      if (asked === MAX_FETCHES) return undefined;
      await this.#ask();
    }
    return this.#set.verify;
  }

  get #set() {
    if (!this.keys.set) throw unavailable("none known yet");
    return this.keys.set;
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
