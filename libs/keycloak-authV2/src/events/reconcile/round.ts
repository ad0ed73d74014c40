import { z } from "zod";

/** Of a round: everything up to `key` was compared at `at`, in milliseconds since the epoch. */
const markSchema = z.object({ key: z.union([z.number(), z.string()]), at: z.number() });

const roundSchema = z.object({
  startedAt: z.number(),
  position: z.unknown(),
  /** Users, or users with live sessions, compared so far, and how many there were at the start. */
  done: z.number(),
  total: z.number(),
  /** Differences that were handed on. */
  found: z.number(),
  marks: z.array(markSchema),
});

const stateSchema = z.object({
  /** When the first round began. */
  since: z.number(),
  current: roundSchema.nullable(),
  previous: z
    .object({ startedAt: z.number(), finishedAt: z.number(), done: z.number(), marks: z.array(markSchema) })
    .nullable(),
  /** Everything was compared at this time or later, in milliseconds since the epoch. */
  oldestAt: z.number(),
  /** Of the process that wrote this, in milliseconds. */
  periodMs: z.number(),
});

export type Mark = z.infer<typeof markSchema>;
export type Round = z.infer<typeof roundSchema>;
/** How far reconciliation is, as it is stored: whoever has the lease goes on with it. */
export type RoundState = z.infer<typeof stateSchema>;

/** A round takes this share of the period, so that a late one is in time still. */
const SHARE = 0.8;
/** Nearer to the period's end than this the rest goes as fast as allowed. */
const LATE_SHARE = 0.9;
const MOST_MARKS = 64;

export function newRound(now: number, total: number): Round {
  return { startedAt: now, position: null, done: 0, total, found: 0, marks: [] };
}

export function newState(now: number, periodMs: number): RoundState {
  return { since: now, current: null, previous: null, oldestAt: now, periodMs };
}

/** @returns a new state where nothing usable is stored */
export function readState(stored: unknown, now: number, periodMs: number): RoundState {
  const state = stateSchema.safeParse(stored).data ?? newState(now, periodMs);
  return { ...state, periodMs };
}

/** Null: nothing is stored yet, or nothing that this version reads. */
export function readStoredState(stored: unknown): RoundState | null {
  return stateSchema.safeParse(stored).data ?? null;
}

/** When the next part of a round is due, or the next round, in milliseconds since the epoch. */
export function dueAt({ current, previous, oldestAt, periodMs }: RoundState, now: number): number {
  if (!current) return previous ? previous.startedAt + SHARE * periodMs : now;
  // Nobody has been compared yet, or somebody too long ago.
  if (!previous || now - oldestAt > LATE_SHARE * periodMs) return now;
  return current.startedAt + SHARE * periodMs * Math.min(1, current.done / Math.max(1, current.total));
}

/** Notes how far a round is, so that the next one knows how old what is before it is; some dozens a round. */
export function addMark(round: Round, key: Mark["key"], now: number, periodMs: number): void {
  const last = round.marks.at(-1);
  if (!last || now - last.at >= (SHARE * periodMs) / MOST_MARKS) round.marks.push({ key, at: now });
}

/**
 * When the oldest comparison was made. What the current round has not reached yet was compared in the one before, after
 * that had reached the same place.
 * @param reached how many of the previous round's marks the current round has reached
 */
export function oldestAt({ since, current, previous }: Omit<RoundState, "oldestAt">, reached: number): number {
  if (!previous) return since;
  if (!current || reached === 0) return previous.startedAt;
  return previous.marks[reached - 1]?.at ?? previous.startedAt;
}

/** Ends the current round. */
export function finishRound(state: RoundState, now: number): RoundState {
  const { current } = state;
  if (!current) return state;
  const { startedAt, done, marks } = current;
  return { ...state, current: null, previous: { startedAt, finishedAt: now, done, marks }, oldestAt: startedAt };
}
