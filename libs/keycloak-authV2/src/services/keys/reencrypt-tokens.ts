import type { SessionKeys } from "@libs/database";
import { TokenBucket } from "limiter";
import { parseKeyRing, TokenCipher } from "../../crypto/index.ts";
import { InterruptedError, OutageRetry } from "../bulk/outage-retry.ts";
import { chunk } from "../shared/chunk.ts";
import { KeyTally, type KeyUse, keyUses } from "./key-use.ts";
import { reencryptBatch } from "./reencrypt-batch.ts";
import type { ReencryptDeps, ReencryptOptions, ReencryptProgress, ReencryptResult } from "./reencrypt-options.ts";
import { scanSessions } from "./scan-sessions.ts";

const MAX_PASSES = 5;
const LISTED = 100;
const OUTAGE_MS = 30 * 60_000;

/**
 * Moves every stored token to the first key of the ring, while refreshes and logins go on. What is done can be seen in
 * the values themselves: a run that was cut short is simply repeated. Passes follow each other until one finds nothing
 * to do, since a session that is being refreshed is left out, and a replica may still write older keys.
 * @param deps where the tokens are stored
 * @param options the key ring, and limits
 * @throws KeyRingError | DatabaseError | BulkError `bulk.outage`
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import {
 *   type KeyUse,
 *   type ReencryptDeps,
 *   type ReencryptOptions,
 *   type ReencryptProgress,
 *   type ReencryptResult,
 *   reencryptTokens,
 * } from "@libs/keycloak-authV2/services/keys";
 *
 * const deps: ReencryptDeps = createRepositories(new PrismaClient());
 * const options: ReencryptOptions = {
 *   tokenEncryptionKeys: process.env.TOKEN_ENCRYPTION_KEYS ?? "", // the new key first
 *   maxRate: 500,
 *   onProgress: ({ pass, moved }: ReencryptProgress) => console.log(pass, moved),
 * };
 * const { keys }: ReencryptResult = await reencryptTokens(deps, options);
 * const removable: KeyUse[] = (keys ?? []).filter(({ mayGo }) => mayGo);
 * console.log(removable.map(({ keyId }) => keyId));
 * ```
 */
export async function reencryptTokens(deps: ReencryptDeps, options: ReencryptOptions): Promise<ReencryptResult> {
  const run = new Reencryption(deps, options);
  try {
    return await run.finish();
  } catch (error) {
    if (error instanceof InterruptedError) return run.result(true, null);
    throw error;
  }
}

class Reencryption {
  readonly #cipher: TokenCipher;
  readonly #firstKeyId: string;
  readonly #bucket: TokenBucket | undefined;
  readonly #batchSize: number;
  readonly #retry: OutageRetry;
  readonly #progress: ReencryptProgress = { pass: 0, scanned: 0, moved: 0, waitingFor: null };
  readonly #undecryptable = new Set<string>();
  #leftOut = 0;

  constructor(
    private readonly deps: ReencryptDeps,
    private readonly options: ReencryptOptions,
  ) {
    const ring = parseKeyRing(options.tokenEncryptionKeys);
    this.#cipher = new TokenCipher(ring);
    this.#firstKeyId = ring.current.id;
    const { maxRate, signal, batchSize = 100, outageMs = OUTAGE_MS } = options;
    this.#batchSize = Math.max(1, Math.min(batchSize, maxRate ?? batchSize));
    if (maxRate !== undefined) {
      const bucketSize = Math.max(this.#batchSize, Math.ceil(maxRate / 5));
      this.#bucket = new TokenBucket({ bucketSize, tokensPerInterval: maxRate, interval: 1000 });
    }
    const onWaiting = (code: string | null) => this.#report({ waitingFor: code });
    this.#retry = new OutageRetry({ signal, outageMs, onWaiting });
  }

  async finish(): Promise<ReencryptResult> {
    for (let pass = 1; ; pass += 1) {
      this.#report({ pass, scanned: 0 });
      const { tally, todo } = await this.#pass();
      if (todo === 0) return this.result(false, await this.#uses(tally));
      // Counted anew, after what this pass has moved.
      if (pass >= (this.options.maxPasses ?? MAX_PASSES)) return this.result(false, await this.#uses());
    }
  }

  result(interrupted: boolean, keys: KeyUse[] | null): ReencryptResult {
    return {
      interrupted,
      moved: this.#progress.moved,
      leftOut: this.#leftOut,
      undecryptable: { count: this.#undecryptable.size, sessionIds: [...this.#undecryptable].slice(0, LISTED) },
      keys,
    };
  }

  #uses(tally?: KeyTally): Promise<KeyUse[]> {
    const { storedTokens, now = () => new Date() } = this.deps;
    const { tokenEncryptionKeys: ring } = this.options;
    return this.#retry.run(() => (tally ? tally.uses(storedTokens, ring, now()) : keyUses(storedTokens, ring, now())));
  }

  /** @returns what each key had when its page was read, and how many sessions were still to be moved */
  async #pass(): Promise<{ tally: KeyTally; todo: number }> {
    const tally = new KeyTally();
    let todo = 0;
    for await (const page of scanSessions(this.deps.storedTokens, (work) => this.#retry.run(work))) {
      for (const { keyIds } of page) tally.add(keyIds);
      const others = page.filter((session) => this.#isTodo(session)).map(({ sessionId }) => sessionId);
      todo += others.length;
      await this.#move(others);
      this.#report({ scanned: this.#progress.scanned + page.length });
    }
    return { tally, todo };
  }

  #isTodo({ sessionId, keyIds }: SessionKeys): boolean {
    return keyIds.some((id) => id !== this.#firstKeyId) && !this.#undecryptable.has(sessionId);
  }

  async #move(sessionIds: readonly string[]): Promise<void> {
    for (const batch of chunk(sessionIds, this.#batchSize)) {
      this.#throwIfInterrupted();
      await this.#bucket?.removeTokens(batch.length);
      const { moved, leftOut, undecryptable } = await this.#retry.run(() =>
        reencryptBatch(this.deps.storedTokens, this.#cipher, this.#firstKeyId, batch),
      );
      for (const id of undecryptable) this.#undecryptable.add(id);
      this.#leftOut += leftOut.length;
      this.#report({ moved: this.#progress.moved + moved.length });
    }
    this.#throwIfInterrupted();
  }

  #throwIfInterrupted(): void {
    if (this.options.signal?.aborted) throw new InterruptedError();
  }

  #report(change: Partial<ReencryptProgress>): void {
    Object.assign(this.#progress, change);
    this.options.onProgress?.({ ...this.#progress });
  }
}
