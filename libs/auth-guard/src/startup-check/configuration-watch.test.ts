import { expect, test } from "bun:test";
import { createLogger, Registry } from "@libs/observability";
import { type Finding, finding } from "@libs/problems/findings";
import { ConfigurationWatch } from "./configuration-watch.ts";

/** A watch whose checks find what the test says, and whose clock is the test's. */
function watching(first: Finding[] | Error) {
  const lines: string[] = [];
  const pauses: number[] = [];
  const registry = new Registry();
  let found = first;
  let next: (() => void) | undefined;
  let mended = 0;
  const watch = new ConfigurationWatch({
    check: async () => {
      if (found instanceof Error) throw found;
      return found;
    },
    logger: createLogger({ destination: { write: (line) => lines.push(line) } }),
    registry,
    onMended: () => {
      mended += 1;
    },
    schedule: (work, ms) => {
      pauses.push(ms);
      next = work;
      return () => {
        next = undefined;
      };
    },
  });
  /** The pause is over; `now` is what is found from here on. */
  const round = async (now: Finding[] | Error) => {
    found = now;
    next?.();
    await Bun.sleep(0);
  };
  const kinds = () => watch.problems().map(({ kind }) => kind);
  const log = () => lines.map((line) => JSON.parse(line)).map(({ level, msg }) => `${level} ${msg}`);
  return { watch, round, kinds, log, lines, pauses, registry, mended: () => mended };
}

const refused = finding("client.refused");
const away = finding("keycloak.unreachable", "ECONNREFUSED");

test("it passes with the first check that finds nothing", async () => {
  const { watch, kinds, log } = watching([]);
  watch.start();
  await watch.checkedOnce;
  expect([watch.passed(), kinds()]).toEqual([true, []]);
  expect(log()).toEqual(["info the configuration check passed"]);
});

test("until then it tries again, further and further apart, and logs each reason once", async () => {
  const { watch, round, kinds, log, pauses, lines } = watching([refused]);
  watch.start();
  await watch.checkedOnce;
  for (let times = 0; times < 7; times += 1) await round([refused]);
  expect([watch.passed(), kinds()]).toEqual([false, ["client.refused"]]);
  expect(pauses.slice(0, 7)).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  expect(log()).toEqual(["error configuration: client.refused"]);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    problem: "client.refused",
    reason: refused.what,
    todo: refused.todo,
  });
  await round([]);
  expect([watch.passed(), kinds()]).toEqual([true, []]);
  expect(log().slice(1)).toEqual(["info configuration: client.refused is over", "info the configuration check passed"]);
});

test("another detail is another line", async () => {
  const lacks = (roles: string) => [finding("service_account.role_missing", roles)];
  const { watch, round, log } = watching(lacks("manage-users, view-events"));
  watch.start();
  await watch.checkedOnce;
  await round(lacks("view-events"));
  await round(lacks("view-events"));
  expect(log()).toHaveLength(2);
});

test("a warning is named and keeps nobody back", async () => {
  const { watch, kinds, log } = watching([
    finding("database.migrations_newer", "2999_later"),
    finding("clock.database", "20 s"),
  ]);
  watch.start();
  await watch.checkedOnce;
  expect([watch.passed(), kinds()]).toEqual([true, ["database.migrations_newer", "clock.database"]]);
  expect(log()[0]).toBe("warn configuration: database.migrations_newer");
});

test("once passed it stays passed; what breaks later is a problem, a metric and a line, until it is mended", async () => {
  const { watch, round, kinds, log, registry, mended } = watching([]);
  watch.start();
  await watch.checkedOnce;
  await round([refused]);
  expect([watch.passed(), kinds()]).toEqual([true, ["client.refused"]]);
  expect(await registry.metrics()).toContain('config_problem{kind="client.refused"} 1');
  await round([]);
  expect([watch.passed(), kinds(), mended()]).toEqual([true, [], 1]);
  expect(await registry.metrics()).toContain('config_problem{kind="client.refused"} 0');
  expect(log().slice(1)).toEqual(["error configuration: client.refused", "info configuration: client.refused is over"]);
});

test("an outage after the first pass is not its matter, and hides nothing that was known", async () => {
  const { watch, round, kinds, log } = watching([]);
  watch.start();
  await watch.checkedOnce;
  await round([refused]);
  await round([away]);
  expect(kinds()).toEqual(["client.refused"]);
  await round([]);
  expect(log().filter((line) => line.includes("unreachable"))).toEqual([]);
  const before = watching([away]);
  before.watch.start();
  await before.watch.checkedOnce;
  expect([before.watch.passed(), before.kinds()]).toEqual([false, ["keycloak.unreachable"]]);
});

test("a check that fails by itself is no pass, and no end of the watch", async () => {
  const { watch, round, kinds, log } = watching(new TypeError("a bug"));
  watch.start();
  await watch.checkedOnce;
  expect([watch.passed(), kinds()]).toEqual([false, []]);
  expect(log()).toEqual(["error the configuration could not be checked"]);
  await round([]);
  expect(watch.passed()).toBeTrue();
});

test("a request that failed brings the next check forward, and many do not make many", async () => {
  const { watch, round, pauses } = watching([]);
  watch.start();
  await watch.checkedOnce;
  await Bun.sleep(0);
  for (let times = 0; times < 100; times += 1) watch.checkSoon();
  expect(pauses.slice(1)).toEqual([2_000]);
  await round([refused]);
  watch.checkSoon();
  expect(pauses.filter((ms) => ms === 2_000)).toHaveLength(2);
  watch.stop();
  watch.checkSoon();
  expect(pauses.filter((ms) => ms === 2_000)).toHaveLength(2);
});
