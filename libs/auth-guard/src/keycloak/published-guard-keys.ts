import { setTimeout as sleep } from "node:timers/promises";
import { AuthError } from "@libs/problems";
import type { JWTVerifyGetKey } from "jose";
import type { TokenKeys } from "./access-token-verifier.ts";
import type { PublishedKeys } from "./published-keys.ts";

/** Ids that are not known make us ask Keycloak at most this often. */
const KEYS_COOL_DOWN_MS = 2000;

/**
 * How {@link PublishedGuardKeys} fetches.
 * @see {@link GuardTokenRules}
 */
export interface PublishedGuardKeysOptions {
  /** Shortest time between two fetches that unknown key ids cause. Milliseconds; 2000 when left out. */
  coolDownMs?: number;
  /** Milliseconds, of any clock that only goes forward. */
  now?: () => number;
}

type MayWait = () => boolean | Promise<boolean>;

/** How many tokens may wait for the end of the cool-down at once. */
const MAX_WAITING = 100;

/**
 * The realm's published signing keys as guards use them: the rules are the guard's, the keys are shared by the whole process.
 * A new key is fetched when its first token comes; ids that are made up cost one fetch per cool-down. A token that comes
 * within it is refused at once, unless its session is known: such a token waits for the next fetch, so that a flood of
 * made-up ids never hides a new key.
 * @see {@link GuardTokenRules}
 */
export class PublishedGuardKeys implements TokenKeys {
  readonly #keys: PublishedKeys;
  readonly #now: () => number;
  readonly #coolDownMs: number;
  /** When an id that was not known made us ask. */
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  #nextFetch: Promise<void> | undefined;
  #waiting = 0;

  constructor(
    keys: PublishedKeys,
    { coolDownMs = KEYS_COOL_DOWN_MS, now = () => performance.now() }: PublishedGuardKeysOptions = {},
  ) {
    this.#keys = keys;
    this.#now = now;
    this.#coolDownMs = coolDownMs;
  }

  onRemoved(listener: () => void): void {
    this.#keys.onRemoved(listener);
  }

  /**
   * The key of this id. One that is not known yet is fetched.
   * @param kid a token's `kid`
   * @param mayWait whether the token is worth waiting for the end of the cool-down
   * @throws AuthError `keycloak.unavailable` where no keys could be fetched
   */
  async find(kid: string, mayWait: MayWait): Promise<JWTVerifyGetKey | undefined> {
    if (this.#has(kid)) await this.#keys.refreshIfOld();
    else if (this.#keys.fetching) await this.#fetch();
    if (!this.#has(kid)) await this.#ask(mayWait);
    const { set } = this.#keys;
    if (!set || (this.#keys.failed && !set.ids.has(kid))) throw unavailable("not fetched");
    return set.ids.has(kid) ? set.verify : undefined;
  }

  #has(kid: string): boolean {
    return this.#keys.set?.ids.has(kid) ?? false;
  }

  async #ask(mayWait: MayWait): Promise<void> {
    const coolDownLeftMs = this.#lastAskedAt + this.#coolDownMs - this.#now();
    if (coolDownLeftMs <= 0) {
      const isFirst = this.#keys.set === undefined;
      this.#lastAskedAt = this.#now();
      await this.#fetch();
      // That there was no key at all says nothing of this one's id.
      if (isFirst && this.#keys.set) this.#lastAskedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    if (this.#keys.fetching) return await this.#fetch();
    if (this.#waiting >= MAX_WAITING) return;
    // From here on: whether one may wait is looked up.
    this.#waiting += 1;
    try {
      if (await mayWait()) await this.#fetchAfter(coolDownLeftMs);
    } finally {
      this.#waiting -= 1;
    }
  }

  #fetchAfter(ms: number): Promise<void> {
    this.#nextFetch ??= sleep(ms).then(() => {
      this.#nextFetch = undefined;
      this.#lastAskedAt = this.#now();
      return this.#fetch();
    });
    return this.#nextFetch;
  }

  /** Or waits for the fetch that is under way. */
  async #fetch(): Promise<void> {
    await this.#keys.fetch();
  }
}

const unavailable = (reason: string) => new AuthError("keycloak.unavailable", { internal: `certs: ${reason}` });
