import type { StoredTokenRepository } from "@libs/database";
import { parseKeyRing } from "../../crypto/index.ts";
import { scanSessions } from "./scan-sessions.ts";

/**
 * What still needs a key.
 * @see {@link reencryptTokens}
 */
export interface KeyUse {
  /** Empty: values of unknown form, which no key opens. */
  keyId: string;
  /** The first of the ring encrypts, the others only decrypt; `unknown`: not in the ring. */
  place: "first" | "other" | "unknown";
  /** Stored tokens under it. */
  values: number;
  /** Until when it is needed to recognise repeated requests (`Idempotency-Key`); null: it is not. */
  neededUntil: Date | null;
  /** Whether it can be taken out of the ring, provided that every replica has another key first. */
  mayGo: boolean;
}

/**
 * Counts what is stored under each key.
 * @throws KeyRingError
 */
export async function keyUses(
  storedTokens: Pick<StoredTokenRepository, "scan" | "fingerprintKeys">,
  tokenEncryptionKeys: string,
  now: Date,
): Promise<KeyUse[]> {
  const tally = new KeyTally();
  for await (const page of scanSessions(storedTokens)) for (const { keyIds } of page) tally.add(keyIds);
  return await tally.uses(storedTokens, tokenEncryptionKeys, now);
}

/** Values counted by the key that they name. */
export class KeyTally {
  readonly #values = new Map<string, number>();

  add(keyIds: readonly string[]): void {
    for (const id of keyIds) this.#values.set(id, (this.#values.get(id) ?? 0) + 1);
  }

  async uses(
    storedTokens: Pick<StoredTokenRepository, "fingerprintKeys">,
    tokenEncryptionKeys: string,
    now: Date,
  ): Promise<KeyUse[]> {
    const { current, keys } = parseKeyRing(tokenEncryptionKeys);
    const fingerprints = new Map((await storedTokens.fingerprintKeys(now)).map(({ keyId, until }) => [keyId, until]));
    return [...new Set([...keys.keys(), ...this.#values.keys()])].map((keyId) => {
      const place = keyId === current.id ? "first" : keys.has(keyId) ? "other" : "unknown";
      const values = this.#values.get(keyId) ?? 0;
      const neededUntil = fingerprints.get(keyId) ?? null;
      return { keyId, place, values, neededUntil, mayGo: place === "other" && values === 0 && neededUntil === null };
    });
  }
}
