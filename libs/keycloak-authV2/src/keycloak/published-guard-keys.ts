import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { AuthError } from "../errors/index.ts";
import type { GuardKeys } from "./guard-token-verifier.ts";
import { DEFAULT_TIMEOUT_MS } from "./keycloak-options.ts";

/** After that the keys are fetched again, behind the requests. */
const MAX_AGE_MS = 5 * 60 * 1000;
/** Ids that are not known make us ask Keycloak at most this often. */
export const KEYS_COOL_DOWN_MS = 2000;
/** Keycloak's set is 3 kB a key. Characters. */
const MAX_SET_LENGTH = 512 * 1024;

const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), use: z.string().optional() })).max(100),
});

interface Keys {
  ids: ReadonlySet<string>;
  verify: JWTVerifyGetKey;
  /** Of the last fetch, whatever came of it. */
  triedAt: number;
}

export interface PublishedGuardKeysOptions {
  /** Address of the realm's JWKS. */
  certs: string;
  timeoutMs?: number;
  coolDownMs?: number;
  now?: () => number;
}

type MayWait = () => boolean | Promise<boolean>;

/** How many tokens may wait for the end of the cool-down at once. */
const MAX_WAITING = 100;

/**
 * The realm's published signing keys. A new key is fetched when its first token comes; ids that are made up cost one
 * fetch per cool-down. A token that comes within it is refused at once, unless it is of a session that is known: that one
 * waits for the next fetch, so that a flood of made-up ids never hides a new key. While Keycloak is away the last keys
 * count.
 */
export class PublishedGuardKeys implements GuardKeys {
  #keys: Keys | undefined;
  #fetching: Promise<void> | undefined;
  #failed = false;
  /** When an id that was not known made us ask. */
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  #nextFetch: Promise<void> | undefined;
  #waiting = 0;
  readonly #options: Required<PublishedGuardKeysOptions>;

  constructor(options: PublishedGuardKeysOptions) {
    this.#options = { timeoutMs: DEFAULT_TIMEOUT_MS, coolDownMs: KEYS_COOL_DOWN_MS, now: Date.now, ...options };
  }

  async find(kid: string, mayWait: MayWait): Promise<JWTVerifyGetKey | undefined> {
    if (this.#keys?.ids.has(kid)) {
      if (this.#options.now() - this.#keys.triedAt > MAX_AGE_MS) this.warm();
      return this.#keys.verify;
    }
    if (this.#fetching) await this.#fetching;
    if (!this.#keys?.ids.has(kid)) await this.#ask(mayWait);
    if (!this.#keys || (this.#failed && !this.#keys.ids.has(kid))) throw unavailable("not fetched");
    return this.#keys.ids.has(kid) ? this.#keys.verify : undefined;
  }

  async #ask(mayWait: MayWait): Promise<void> {
    const { now, coolDownMs } = this.#options;
    const coolDownLeftMs = this.#lastAskedAt + coolDownMs - now();
    if (coolDownLeftMs <= 0) {
      const isFirst = this.#keys === undefined;
      this.#lastAskedAt = now();
      await this.#fetch();
      // That there was no key at all says nothing of this one's id.
      if (isFirst && this.#keys) this.#lastAskedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    if (this.#fetching) return await this.#fetching;
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
    this.#nextFetch ??= Bun.sleep(ms).then(() => {
      this.#nextFetch = undefined;
      this.#lastAskedAt = this.#options.now();
      return this.#fetch();
    });
    return this.#nextFetch;
  }

  /** Fetches them behind the requests. */
  warm(): void {
    if (this.#keys) this.#keys.triedAt = this.#options.now();
    void this.#fetch();
  }

  /** Fetches them now. @returns their ids; null where they could not be read */
  async load(): Promise<ReadonlySet<string> | null> {
    await this.#fetch();
    return this.#failed ? null : (this.#keys?.ids ?? null);
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#read().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** Never rejects: what is known already is still good. */
  async #read(): Promise<void> {
    const { certs, timeoutMs, now } = this.#options;
    try {
      const answer = await fetch(certs, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const text = await answer.text();
      if (text.length > MAX_SET_LENGTH) throw new Error("too long");
      const { keys } = keySet.parse(JSON.parse(text));
      const signing = keys.filter(({ use, kid }) => use !== "enc" && kid !== undefined);
      this.#keys = {
        ids: new Set(signing.map(({ kid }) => kid as string)),
        verify: createLocalJWKSet({ keys: signing } as JSONWebKeySet),
        triedAt: now(),
      };
      this.#failed = false;
    } catch {
      this.#failed = true;
    }
  }
}

const unavailable = (reason: string) => new AuthError("keycloak.unavailable", { internal: `certs: ${reason}` });
