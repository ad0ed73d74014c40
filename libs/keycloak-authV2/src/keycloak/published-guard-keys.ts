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
  fetchedAt: number;
}

export interface PublishedGuardKeysOptions {
  /** Address of the realm's JWKS. */
  certs: string;
  timeoutMs?: number;
  coolDownMs?: number;
  now?: () => number;
}

/**
 * The realm's published signing keys. A new key is fetched when its first token comes; ids that are made up cost one
 * fetch per cool-down, and a token that comes within it waits for nobody. While Keycloak is away the last keys count.
 */
export class PublishedGuardKeys implements GuardKeys {
  #keys: Keys | undefined;
  #fetching: Promise<void> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  readonly #options: Required<PublishedGuardKeysOptions>;

  constructor(options: PublishedGuardKeysOptions) {
    this.#options = { timeoutMs: DEFAULT_TIMEOUT_MS, coolDownMs: KEYS_COOL_DOWN_MS, now: Date.now, ...options };
  }

  async find(kid: string): Promise<JWTVerifyGetKey | undefined> {
    const { now, coolDownMs } = this.#options;
    if (this.#keys?.ids.has(kid)) {
      if (now() - this.#keys.fetchedAt > MAX_AGE_MS && this.#mayAsk()) void this.#fetch().catch(() => {});
      return this.#keys.verify;
    }
    if (this.#fetching || now() - this.#lastAskedAt >= coolDownMs) await this.#fetch();
    if (!this.#keys) throw unavailable("none fetched yet");
    return this.#keys.ids.has(kid) ? this.#keys.verify : undefined;
  }

  /** Fetches them before the first token comes; a failure is left to that token. */
  warm(): void {
    void this.#fetch().catch(() => {});
  }

  #mayAsk(): boolean {
    return !this.#fetching && this.#options.now() - this.#lastAskedAt >= this.#options.coolDownMs;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#read().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #read(): Promise<void> {
    const { certs, timeoutMs, now } = this.#options;
    this.#lastAskedAt = now();
    try {
      const answer = await fetch(certs, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!answer.ok) throw unavailable(`status ${answer.status}`);
      const text = await answer.text();
      if (text.length > MAX_SET_LENGTH) throw unavailable("too long");
      const { keys } = keySet.parse(JSON.parse(text));
      const signing = keys.filter(({ use, kid }) => use !== "enc" && kid !== undefined);
      this.#keys = {
        ids: new Set(signing.map(({ kid }) => kid as string)),
        verify: createLocalJWKSet({ keys: signing } as JSONWebKeySet),
        fetchedAt: now(),
      };
    } catch (error) {
      // Tokens of known keys are still good; of the others nobody can tell.
      if (!this.#keys) throw error instanceof AuthError ? error : unavailable(error instanceof Error ? error.name : "");
    }
  }
}

const unavailable = (reason: string) => new AuthError("keycloak.unavailable", { internal: `certs: ${reason}` });
