import { expect, test } from "bun:test";
import { requestContext } from "@libs/observability";
import { LoginLocks } from "./login-locks.ts";
import type { LoginPermits, PermitAttempt } from "./login-permits.ts";
import { RateLimited } from "./rate-limited.ts";

/** The table as several replicas see it. */
class FakePermits implements LoginPermits {
  readonly held = new Map<string, { holder: string; until: number }>();
  takes = 0;
  releases = 0;

  async take(key: string, holder: string): Promise<PermitAttempt> {
    this.takes += 1;
    const taken = (this.held.get(key)?.until ?? 0) <= performance.now();
    if (taken) this.held.set(key, { holder, until: performance.now() + 60_000 });
    return { taken, counted: { consumedPoints: 2, msBeforeNext: 1000 } };
  }

  async release(key: string, holder: string, pauseMs: number): Promise<void> {
    this.releases += 1;
    if (this.held.get(key)?.holder !== holder) return;
    if (pauseMs > 0) this.held.set(key, { holder, until: performance.now() + pauseMs });
    else this.held.delete(key);
  }
}

const options = { failurePauseMs: 80, unansweredPauseMs: 160, waitMs: 2000, waiting: 10 };
const never = () => "over" as const;
const always = () => "failed" as const;
const limited = (call: Promise<unknown>) => expect(call).rejects.toBeInstanceOf(RateLimited);

test("attempts of one account are one after the other on all replicas; other accounts are not held up", async () => {
  const permits = new FakePermits();
  const replicas = [new LoginLocks(permits, options), new LoginLocks(permits, options)];
  let [atOnce, most] = [0, 0];
  const attempt = async () => {
    most = Math.max(most, ++atOnce);
    await Bun.sleep(5);
    atOnce -= 1;
  };
  const runs = Array.from({ length: 6 }, (_, i) => replicas[i % 2]?.run("ada", attempt, never));
  const bob = replicas[0]?.run("bob", async () => atOnce, never);
  expect(await bob).toBe(1);
  await Promise.all(runs);
  expect(most).toBe(1);
});

test("an attempt costs one statement before it and one after, and learns what was counted", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, options);
  expect(await locks.run("ada", async (counted) => counted?.consumedPoints, never)).toBe(2);
  await locks.drain();
  expect({ takes: permits.takes, releases: permits.releases, held: permits.held.size }).toEqual({
    takes: 1,
    releases: 1,
    held: 0,
  });
  await Promise.all(Array.from({ length: 5 }, () => locks.run("ada", async () => {}, never)));
  expect(permits.takes).toBe(6);
});

test("a failure keeps the next one waiting, on any replica; a success does not", async () => {
  const permits = new FakePermits();
  const replicas = [new LoginLocks(permits, options), new LoginLocks(permits, options)] as const;
  const timed = async (locks: LoginLocks) => {
    const before = performance.now();
    await locks.run("ada", async () => {}, never);
    return performance.now() - before;
  };
  for (const next of replicas) {
    await expect(replicas[0].run("ada", () => Promise.reject(new Error("wrong")), always)).rejects.toThrow("wrong");
    expect(await timed(next)).toBeGreaterThan(70);
    await next.drain();
    expect(permits.held.size).toBe(0);
    let begun = false;
    const further = next.run("ada", async () => (begun = true), never);
    await Bun.sleep(0);
    expect(begun).toBe(true);
    await further;
    await next.drain();
  }
});

test("after an attempt that Keycloak did not answer the next one waits longer: it may still be at it", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, options);
  const cut = locks.run(
    "ada",
    () => Promise.reject(new Error("cut")),
    () => "unanswered",
  );
  await expect(cut).rejects.toThrow("cut");
  const before = performance.now();
  await locks.run("ada", async () => {}, never);
  expect(performance.now() - before).toBeGreaterThan(140);
});

test("a failure of another kind gives the permit back at once", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, options);
  await expect(locks.run("ada", () => Promise.reject(new Error("busy")), never)).rejects.toThrow("busy");
  await locks.drain();
  expect(permits.held.size).toBe(0);
});

test("who does not get the place in time is asked to come back, and nobody here is held up by it", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, { ...options, waitMs: 120 });
  await permits.take("ada", "another replica");
  await limited(locks.run("ada", async () => "never", never));
  expect(permits.takes).toBeGreaterThan(2);
  await permits.release("ada", "another replica", 0);
  expect(await locks.run("ada", async () => "now", never)).toBe("now");
});

test("while the database is away the locks hold within the process", async () => {
  const away = () => Promise.reject(new Error("away"));
  const locks = new LoginLocks({ take: away, release: away }, options);
  let [atOnce, most] = [0, 0];
  const attempt = async (counted: unknown) => {
    expect(counted).toBeUndefined();
    most = Math.max(most, ++atOnce);
    await Bun.sleep(5);
    atOnce -= 1;
  };
  await Promise.all([locks.run("ada", attempt, never), locks.run("ada", attempt, never)]);
  expect(most).toBe(1);
  const before = performance.now();
  await expect(locks.run("ada", () => Promise.reject(new Error("wrong")), always)).rejects.toThrow("wrong");
  await locks.run("ada", async () => {}, never);
  expect(performance.now() - before).toBeGreaterThan(70);
  await locks.drain();
});

test("the wait leaves the attempt its time of the request", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, { ...options, reservedMs: 3000 });
  await permits.take("ada", "another replica");
  const waits = async (leftMs: number) => {
    const before = performance.now();
    const context = { requestId: "1", deadlineAt: Date.now() + leftMs };
    await requestContext.run(context, () => limited(locks.run("ada", async () => "never", never)));
    return performance.now() - before;
  };
  expect(await waits(3100)).toBeLessThan(1000);
  // With nothing left to wait with it still asks once: the permit may be free.
  expect(await waits(2000)).toBeLessThan(1000);
  const bob = requestContext.run({ requestId: "2", deadlineAt: Date.now() + 2000 }, () =>
    locks.run("bob", async () => "begun", never),
  );
  expect(await bob).toBe("begun");
});

test("after a success the next one waits a moment, and no row is left behind", async () => {
  const permits = new FakePermits();
  const locks = new LoginLocks(permits, { ...options, successPauseMs: 60 });
  await locks.run("ada", async () => {}, never);
  const before = performance.now();
  await locks.run("ada", async () => {}, never);
  expect(performance.now() - before).toBeGreaterThan(50);
  await locks.drain();
  expect(permits.held.size).toBe(0);
});
