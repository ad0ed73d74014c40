import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";
import { OWN_CONNECTION } from "./keycloak-connections.ts";
import { DEFAULT_TIMEOUT_MS } from "./keycloak-options.ts";
import { isSignatureAlgorithm } from "./signature-algorithms.ts";

/**
 * How often a process fetches the keys. A key that was removed in Keycloak is refused after that and the time of the fetch;
 * where one fetch fails, after the next. Stated bound: 60 s. Milliseconds.
 */
const FRESH_EVERY_MS = 30_000;
/** The same after a fetch that failed. */
const FRESH_AGAIN_MS = 5_000;
/** Keycloak's set is 3 kB a key. Characters. */
const MAX_SET_LENGTH = 512 * 1024;

const jwk = Type.Object({
  kty: Type.String(),
  kid: Type.Optional(Type.String()),
  use: Type.Optional(Type.String()),
  alg: Type.Optional(Type.Unknown()),
});
const keySet = Type.Object({ keys: Type.Array(jwk, { maxItems: 100 }) });

/**
 * How {@link PublishedKeys} fetches.
 * @see {@link PublishedKeys}
 */
export interface PublishedKeysOptions {
  /** Address of the realm's JWKS. */
  certs: string;
  /** Milliseconds; 3000. */
  timeoutMs?: number | undefined;
  /** Milliseconds, of any clock that only goes forward. */
  now?: () => number;
}

interface KeySet {
  ids: ReadonlySet<string>;
  /** Finds the key of a token's `kid`, where the token's `alg` is the key's own. */
  verify: JWTVerifyGetKey;
  /** By id: to see what changes. */
  materials: ReadonlyMap<string, string>;
}

/**
 * The realm's published signing keys as they were fetched last. While Keycloak is away those stay. A key without an
 * asymmetric `alg` of its own is left out: what may be verified with it is not for the token to say.
 * @example
 * ```ts
 * import { PublishedKeys, type PublishedKeysOptions } from "@libs/auth-guard/keycloak";
 *
 * const certs = "http://keycloak:8080/realms/app/protocol/openid-connect/certs";
 * const options: PublishedKeysOptions = { certs, timeoutMs: 2000 };
 * const keys = new PublishedKeys(options);
 * const stop = keys.keepFresh();
 * if (await keys.fetch()) console.log(keys.set?.ids);
 * stop();
 * ```
 */
export class PublishedKeys {
  #set: KeySet | undefined;
  #fetching: Promise<boolean> | undefined;
  #failed = false;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  readonly #removed = new Set<() => void>();
  #keepers = 0;
  #stopFetching: (() => void) | undefined;
  readonly #options: { certs: string; timeoutMs: number; now: () => number };

  constructor({ certs, timeoutMs = DEFAULT_TIMEOUT_MS, now = () => performance.now() }: PublishedKeysOptions) {
    this.#options = { certs, timeoutMs, now };
  }

  /** Where they are published: which realm's keys these are. */
  get certs(): string {
    return this.#options.certs;
  }

  /** Undefined: never fetched. */
  get set(): Pick<KeySet, "ids" | "verify"> | undefined {
    return this.#set;
  }

  get fetching(): Promise<boolean> | undefined {
    return this.#fetching;
  }

  /** Whether the last fetch failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** @param listener called when a key that was there is gone, or is another one under the same id */
  onRemoved(listener: () => void): void {
    this.#removed.add(listener);
  }

  /** Fetches the keys, once for all who ask at the same time. @returns whether it succeeded; never rejects */
  fetch(): Promise<boolean> {
    this.#triedAt = this.#options.now();
    this.#fetching ??= this.#read().then((fetched) => {
      this.#fetching = undefined;
      this.#failed = !fetched;
      return fetched;
    });
    return this.#fetching;
  }

  /**
   * Fetches keys that are older than they may be: for whoever uses them. Without {@link keepFresh}, and where a process
   * stood still, this keeps the bound. While Keycloak is away it is tried every few seconds.
   */
  async refreshIfOld(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#fetchedAt <= FRESH_EVERY_MS + FRESH_AGAIN_MS || now - this.#triedAt <= FRESH_AGAIN_MS) return;
    await this.fetch();
  }

  /**
   * Fetches the keys now and every 30 s; sooner while that fails. Several who ask for it share one timer, which stops when
   * the last of them stops.
   * @param everyMs between two fetches, in milliseconds
   * @param againMs after a fetch that failed, in milliseconds
   * @returns stops it
   */
  keepFresh(everyMs = FRESH_EVERY_MS, againMs = FRESH_AGAIN_MS): () => void {
    this.#keepers += 1;
    this.#stopFetching ??= this.#fetchRegularly(everyMs, againMs);
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      this.#keepers -= 1;
      if (this.#keepers > 0) return;
      this.#stopFetching?.();
      this.#stopFetching = undefined;
    };
  }

  #fetchRegularly(everyMs: number, againMs: number): () => void {
    let timer: Timer | undefined;
    let stopped = false;
    const fetchThem = async () => {
      const fetched = await this.fetch();
      if (stopped) return;
      timer = setTimeout(() => void fetchThem(), fetched ? everyMs : againMs);
      timer.unref();
    };
    void fetchThem();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #read(): Promise<boolean> {
    const { certs, timeoutMs, now } = this.#options;
    try {
      const answer = await fetch(certs, {
        ...OWN_CONNECTION,
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!answer.ok) return false;
      const text = await answer.text();
      if (text.length > MAX_SET_LENGTH) return false;
      this.#replace(readSet(JSON.parse(text)));
      this.#fetchedAt = now();
      return true;
    } catch {
      return false;
    }
  }

  #replace(set: KeySet): void {
    const before = this.#set;
    this.#set = set;
    if (before && [...before.materials].some(([id, material]) => set.materials.get(id) !== material))
      for (const listener of this.#removed) listener();
  }
}

/** @throws Error for what is no set of keys */
function readSet(json: unknown): KeySet {
  if (!Value.Check(keySet, json)) throw new Error("not a set of keys");
  const keys = json.keys.filter(({ use, kid, alg }) => use !== "enc" && kid !== undefined && isSignatureAlgorithm(alg));
  return {
    ids: new Set(keys.map(({ kid }) => kid as string)),
    verify: createLocalJWKSet({ keys } as JSONWebKeySet),
    materials: new Map(keys.map((key) => [key.kid as string, JSON.stringify(key)])),
  };
}
