import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { failure } from "@libs/problems/testing";
import type { ServerFeatures } from "../../ports/ports.ts";
import { KnownAnswer } from "./known-answer.ts";

const newest: ServerFeatures = { createdFilter: true, searchByIds: true, filteredCounts: true, eventsByTime: true };
const older: ServerFeatures = { ...newest, createdFilter: false };

function create(answers: (ServerFeatures | AuthError)[]) {
  const state = { now: 0, asked: 0 };
  const probe = async () => {
    const answer = answers[Math.min(state.asked, answers.length - 1)] as ServerFeatures | AuthError;
    state.asked += 1;
    if (answer instanceof AuthError) throw answer;
    return answer;
  };
  return { state, features: new KnownAnswer(probe, { freshMs: 60_000, now: () => state.now }) };
}

test("is asked once, by however many callers, and not again while it is fresh", async () => {
  const { state, features } = create([newest]);
  expect(await Promise.all([features.current(), features.current()])).toEqual([newest, newest]);
  state.now = 59_999;
  expect(await features.current()).toBe(newest);
  expect(state.asked).toBe(1);
});

test("after a minute it is asked behind the call, which has the answer of before", async () => {
  const { state, features } = create([older, newest]);
  await features.current();
  state.now = 60_000;
  expect(await features.current()).toBe(older);
  expect(state.asked).toBe(2);
  expect(await features.current()).toBe(newest);
});

test("after an outage it is asked behind the next call", async () => {
  const { state, features } = create([older, newest]);
  await features.current();
  features.expire();
  expect(await features.current()).toBe(older);
  expect(state.asked).toBe(1);
  state.now = 2_000;
  await features.current();
  expect(state.asked).toBe(2);
  expect(await features.current()).toBe(newest);
});

test("an answer that contradicts what is known has it asked before the next call, not more often than every 2 s", async () => {
  const { state, features } = create([newest, older]);
  await features.current();
  state.now = 2_000;
  features.doubt();
  expect(await features.current()).toBe(older);
  features.doubt();
  expect(await features.current()).toBe(older);
  expect(state.asked).toBe(2);
});

test("what is in doubt is not relied on while Keycloak fails to answer; what is only old is", async () => {
  const away = new AuthError("keycloak.unavailable");
  const { state, features } = create([newest, away, away, older]);
  await failure(create([away]).features.current(), "keycloak.unavailable");
  await features.current();
  state.now = 60_000;
  expect(await features.current()).toBe(newest);
  await Bun.sleep(0);
  state.now = 120_000;
  features.doubt();
  await failure(features.current(), "keycloak.unavailable");
  state.now = 180_000;
  expect(await features.current()).toBe(older);
});
