import { describe, expect, test } from "bun:test";
import { createReadiness } from "./readiness.ts";

const options = { timeoutMs: 20, maxAgeMs: 0, isStopping: () => false };
const up = async () => {};
const never = () => new Promise<void>(() => {});

test("ready while everything answers", async () => {
  const readiness = createReadiness({ ...options, checks: { keycloak: up, database: up } });
  expect(await readiness()).toEqual({ ready: true, checks: { keycloak: "up", database: "up" } });
});

test("a check that fails or does not answer in time is away, and is named", async () => {
  const checks = { keycloak: never, database: () => Promise.reject(new Error("password=secret")), cache: up };
  const readiness = createReadiness({ ...options, checks });
  expect(await readiness()).toEqual({ ready: false, checks: { keycloak: "away", database: "away", cache: "up" } });
});

test("a check that throws at once is away as well", async () => {
  const checks = {
    database: () => {
      throw new Error("not connected");
    },
  };
  expect(await createReadiness({ ...options, checks })()).toEqual({ ready: false, checks: { database: "away" } });
});

test("ready again as soon as what was away is back", async () => {
  let away = true;
  const database = async () => {
    if (away) throw new Error("away");
  };
  const readiness = createReadiness({ ...options, checks: { database } });
  expect((await readiness()).ready).toBeFalse();
  away = false;
  expect((await readiness()).ready).toBeTrue();
});

test("many probes at once share one round of checks", async () => {
  let runs = 0;
  const keycloak = async () => {
    runs++;
  };
  const readiness = createReadiness({ ...options, maxAgeMs: 60_000, checks: { keycloak } });
  await Promise.all(Array.from({ length: 20 }, () => readiness()));
  expect(runs).toBe(1);
});

describe("with a change feed", () => {
  const problem = { kind: "behind", todo: "check whether Keycloak answers", since: new Date() };

  test("up while it has no problem", async () => {
    const readiness = createReadiness({ ...options, checks: { keycloak: up }, problems: () => [] });
    expect(await readiness()).toEqual({ ready: true, checks: { keycloak: "up", feed: "up" } });
  });

  test("ready with a problem, and it is named with what to do", async () => {
    const readiness = createReadiness({ ...options, checks: { keycloak: up }, problems: () => [problem] });
    expect(await readiness()).toEqual({
      ready: true,
      checks: { keycloak: "up", feed: "degraded" },
      problems: [{ kind: "behind", todo: "check whether Keycloak answers" }],
    });
  });

  test("not ready with one where that is asked for", async () => {
    const feed = { problems: () => [problem], isRequired: (kind: string) => kind === problem.kind };
    expect(await createReadiness({ ...options, checks: { keycloak: up }, ...feed })()).toMatchObject({ ready: false });
    expect((await createReadiness({ ...options, checks: {}, ...feed, problems: () => [] })()).ready).toBeTrue();
    const other = { kind: "work_under_way", todo: "nothing" };
    expect((await createReadiness({ ...options, checks: {}, ...feed, problems: () => [other] })()).ready).toBeTrue();
    expect(
      (await createReadiness({ ...options, checks: { keycloak: never }, problems: () => [problem] })()).ready,
    ).toBeFalse();
  });
});

describe("with a configuration that is checked", () => {
  const problem = { kind: "client.refused", todo: "check KEYCLOAK_CLIENT_SECRET" };
  const checked = (passed: boolean, problems: (typeof problem)[] = []) => ({
    configuration: { checkedOnce: Promise.resolve(), passed: () => passed, problems: () => problems },
  });
  const checks = { keycloak: up };

  test("not ready before it has passed once, and says why", async () => {
    expect(await createReadiness({ ...options, checks, ...checked(false, [problem]) })()).toEqual({
      ready: false,
      checks: { keycloak: "up", configuration: "failed" },
      problems: [problem],
    });
  });

  test("ready after that, also with a problem, which is named beside those of the feed", async () => {
    const feed = { problems: () => [{ kind: "behind", todo: "wait" }] };
    expect(await createReadiness({ ...options, checks, ...feed, ...checked(true, [problem]) })()).toEqual({
      ready: true,
      checks: { keycloak: "up", feed: "degraded", configuration: "degraded" },
      problems: [problem, { kind: "behind", todo: "wait" }],
    });
    expect(await createReadiness({ ...options, checks, ...checked(true) })()).toEqual({
      ready: true,
      checks: { keycloak: "up", configuration: "up" },
    });
  });

  test("a probe during the first check waits for it, and not for ever", async () => {
    const first = Promise.withResolvers<void>();
    let passed = false;
    const configuration = { checkedOnce: first.promise, passed: () => passed, problems: () => [] };
    const readiness = createReadiness({ ...options, timeoutMs: 5_000, checks, configuration });
    const probe = readiness();
    passed = true;
    first.resolve();
    expect((await probe).ready).toBeTrue();
    const never = { ...configuration, checkedOnce: new Promise<void>(() => {}), passed: () => false };
    expect((await createReadiness({ ...options, checks, configuration: never })()).ready).toBeFalse();
  });
});

test("not ready from the moment the gateway begins to stop", async () => {
  let stopping = false;
  const readiness = createReadiness({ ...options, checks: { keycloak: up }, isStopping: () => stopping });
  expect((await readiness()).ready).toBeTrue();
  stopping = true;
  expect(await readiness()).toEqual({ ready: false, checks: { keycloak: "up", gateway: "away" } });
});
