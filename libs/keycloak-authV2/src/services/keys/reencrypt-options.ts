import type { StoredTokenRepository } from "@libs/database";
import type { KeyUse } from "./key-use.ts";

/**
 * What {@link reencryptTokens} needs.
 * @see {@link reencryptTokens}
 */
export interface ReencryptDeps {
  storedTokens: Pick<StoredTokenRepository, "scan" | "read" | "replaceUnchanged" | "fingerprintKeys">;
  /** Default: the clock. */
  now?: () => Date;
}

/**
 * How far {@link reencryptTokens} is.
 * @see {@link reencryptTokens}
 */
export interface ReencryptProgress {
  /** 1 for the first scan of all sessions. */
  pass: number;
  /** Sessions that this pass has seen. */
  scanned: number;
  /** Sessions that were moved to the first key, by all passes. */
  moved: number;
  /** Waiting for the database since an error of this code; null: it answers. */
  waitingFor: string | null;
}

/**
 * How {@link reencryptTokens} works.
 * @see {@link reencryptTokens}
 */
export interface ReencryptOptions {
  /** `id:base64,…`: the first is what every value is moved to. */
  tokenEncryptionKeys: string;
  /** Sessions a statement; default 100. */
  batchSize?: number;
  /** Sessions a second, at most; default: as fast as it goes. */
  maxRate?: number;
  /** Scans of all sessions, at most; default 5. More than two are needed only where somebody writes older keys. */
  maxPasses?: number;
  /** How long an outage of the database is waited for, in milliseconds; default 30 minutes. */
  outageMs?: number;
  /** Stops after the batch in flight. */
  signal?: AbortSignal;
  /** After each batch. */
  onProgress?: (progress: ReencryptProgress) => void;
}

/**
 * What {@link reencryptTokens} did.
 * @see {@link reencryptTokens}
 */
export interface ReencryptResult {
  /** The signal came first: what is done stays done, and the next run goes on. */
  interrupted: boolean;
  /** Sessions that were moved to the first key. */
  moved: number;
  /** Sessions that were written by somebody else at that moment, and left to the next pass. */
  leftOut: number;
  /** Sessions with a value that no key of the ring opens here; left as they are. At most 100 are listed. */
  undecryptable: { count: number; sessionIds: string[] };
  /** As of the last complete pass; null when there was none. */
  keys: KeyUse[] | null;
}
