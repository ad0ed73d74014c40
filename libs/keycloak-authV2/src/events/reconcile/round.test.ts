import { describe, expect, test } from "bun:test";
import { addMark, dueAt, finishRound, newRound, newState, oldestAt, type RoundState, readState } from "./round.ts";

const PERIOD = 1_000_000;
const LENGTH = 800_000;

function inRound(change: Partial<RoundState> = {}): RoundState {
  const previous = { startedAt: 0, finishedAt: LENGTH, done: 4, marks: [-1, 10, 20, 30].map(markAt) };
  return { since: 0, previous, current: newRound(LENGTH, 4), oldestAt: 0, periodMs: PERIOD, ...change };
}

const markAt = (key: number, place: number) => ({ key, at: (place * LENGTH) / 4 });

describe("when a round's next part is due", () => {
  test("spread over four fifths of the period", () => {
    const state = inRound({ oldestAt: LENGTH });
    const due = [0, 1, 2, 4].map((done) => dueAt({ ...state, current: { ...newRound(LENGTH, 4), done } }, LENGTH));
    expect(due.map((at) => at - LENGTH)).toEqual([0, LENGTH / 4, LENGTH / 2, LENGTH]);
  });

  test("the first round, and one that is late, go on at once", () => {
    const current = { ...newRound(0, 4), done: 2 };
    expect(dueAt(inRound({ previous: null, current }), 5)).toBe(5);
    const late = PERIOD * 0.9 + 1;
    expect(dueAt(inRound({ oldestAt: 0, current }), late)).toBe(late);
    expect(dueAt(inRound({ oldestAt: 1_000, current }), late)).toBeLessThan(late);
  });

  test("a round begins four fifths of the period after the one before, even where that was short", () => {
    expect(dueAt(inRound({ current: null }), 1)).toBe(LENGTH);
    expect(dueAt(newState(7, PERIOD), 7)).toBe(7);
  });

  test("more than were expected are no reason to wait for longer", () => {
    const current = { ...newRound(LENGTH, 4), done: 9 };
    expect(dueAt(inRound({ oldestAt: LENGTH, current }), LENGTH)).toBe(2 * LENGTH);
  });
});

describe("the age of the oldest comparison", () => {
  test("what is not reached yet was compared in the round before, later than it was here", () => {
    const state = inRound();
    expect(oldestAt(state, 0)).toBe(0);
    expect(oldestAt(state, 1)).toBe(0);
    expect(oldestAt(state, 2)).toBe(LENGTH / 4);
    expect(oldestAt(state, 4)).toBe((LENGTH * 3) / 4);
  });

  test("before the first round is over somebody may never have been compared", () => {
    expect(oldestAt(inRound({ previous: null, since: 3 }), 0)).toBe(3);
  });

  test("of a finished round it is its start", () => {
    const finished = finishRound(inRound(), LENGTH + 5);
    expect(finished.oldestAt).toBe(LENGTH);
    expect(finished.current).toBeNull();
    expect(finished.previous).toMatchObject({ startedAt: LENGTH, finishedAt: LENGTH + 5 });
  });

  test("a round keeps some dozens of marks, however long it is", () => {
    const round = newRound(0, 100_000);
    for (let n = 0; n < 100_000; n += 1) addMark(round, n, (n * LENGTH) / 100_000, PERIOD);
    expect(round.marks.length).toBeLessThanOrEqual(65);
    expect(round.marks.length).toBeGreaterThan(60);
  });
});

test("what is stored is read, with the period of this process; what is not understood begins anew", () => {
  const state = inRound();
  expect(readState(JSON.parse(JSON.stringify(state)), 9, 5)).toEqual({ ...state, periodMs: 5 });
  expect(readState({ since: "yesterday" }, 9, 5)).toEqual(newState(9, 5));
  expect(readState(undefined, 9, 5)).toEqual(newState(9, 5));
});
