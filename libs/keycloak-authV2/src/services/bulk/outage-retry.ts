import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseTimeoutError, DatabaseUnavailableError } from "@libs/database";
import { backOffMs, withJitter } from "@libs/observability";
import { type AuthErrorCode, isAuthError } from "@libs/problems";
import { toAuthError } from "../shared/database-failure.ts";
import { BulkError } from "./bulk-error.ts";

const FIRST_MS = 250;
const MOST_MS = 5_000;

const OUTAGES: readonly AuthErrorCode[] = [
  "keycloak.unavailable",
  "keycloak.timeout",
  "database.unavailable",
  "database.timeout",
  "service.overloaded",
];

/** Whether a stable code means that Keycloak or the database is away for now. */
export function isOutageCode(code: string): code is AuthErrorCode {
  return OUTAGES.some((outage) => outage === code);
}

/** The operator's signal came while nothing could be done. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** Others are answered: what was asked for can't be, however often. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** So many failures in a row before it is asked whether others are answered. */
const DOUBTS = 3;

export interface OutageRetryOptions {
  /** How long an outage is waited for. Milliseconds. */
  outageMs: number;
  /** Before the second try; doubled with each. Milliseconds; default 250. */
  firstDelayMs?: number;
  signal?: AbortSignal | undefined;
  /** Called with every failed try; null: it is over. */
  onWaiting?: (code: string | null) => void;
}

/** Repeats what can be repeated until Keycloak and the database are back: after 250 ms, 500 ms … 5 s. */
export class OutageRetry {
  constructor(private readonly options: OutageRetryOptions) {}

  /** For work of many calls, none of which fails. @throws InterruptedError once the signal has come */
  assertWanted(): void {
    if (this.options.signal?.aborted) throw new InterruptedError();
  }

  /**
   * @param others something of the same kind that is answered unless there is an outage
   * @throws what is no outage at once; `bulk.outage` when one lasts too long; InterruptedError when the signal comes first;
   *   UnreadableError when `others` are answered, and this has failed twice or more
   */
  async run<T>(work: () => Promise<T>, others?: () => Promise<unknown>): Promise<T> {
    const { signal, outageMs, onWaiting, firstDelayMs = FIRST_MS } = this.options;
    const end = performance.now() + outageMs;
    for (let tries = 0; ; tries += 1) {
      try {
        const result = await work();
        if (tries > 0) onWaiting?.(null);
        return result;
      } catch (error) {
        if (!isOutage(error)) throw error;
        const { code } = toAuthError(error);
        const isOver = performance.now() >= end;
        onWaiting?.(code);
        const isAsked = others && code.startsWith("keycloak") && (isOver || tries >= DOUBTS) && !signal?.aborted;
        if (!(isAsked && (await answers(others)))) {
          if (isOver) throw outageError(code, error);
        } else if (tries > 0) {
          onWaiting?.(null);
          throw new UnreadableError("Keycloak answers others", { cause: error });
        }
      }
      const delayMs = withJitter(backOffMs(tries, { firstMs: firstDelayMs, mostMs: MOST_MS }), 0.75, 1.25);
      await sleep(delayMs, undefined, signal && { signal }).catch(() => {
        throw new InterruptedError();
      });
    }
  }
}

function answers(others: () => Promise<unknown>): Promise<boolean> {
  return others().then(
    () => true,
    () => false,
  );
}

function isOutage(error: unknown): boolean {
  if (isAuthError(error)) return isOutageCode(error.code);
  return error instanceof DatabaseUnavailableError || error instanceof DatabaseTimeoutError;
}

function outageError(code: string, cause: unknown): BulkError {
  const who = code.startsWith("database") ? "the database" : "Keycloak";
  return new BulkError(
    "bulk.outage",
    `${who} was unavailable for too long (${code}): run the command again; it continues where it stopped`,
    { cause },
  );
}
