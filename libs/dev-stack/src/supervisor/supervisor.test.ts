import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../base/report.ts";
import { identify, isAlive } from "../machine/process-identity.ts";
import { Keeper } from "./keeper.ts";
import { endLeftovers, RECORD_NAME, readRecord } from "./leftovers.ts";
import type { ProcessSpec } from "./protocol.ts";

const root = mkdtempSync(join(tmpdir(), "keeper-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sleeper = (name: string): ProcessSpec => ({
  ...{ name, command: ["sleep", "60"], cwd: "/", env: {}, log: join(root, `${name}.log`) },
  ...{ stopSignal: "SIGTERM", graceMs: 2_000 },
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await Bun.sleep(10);
};

test("closing stops what it runs, and removes what is disposable", async () => {
  const state = join(root, "closing");
  const keeper = Keeper.open(join(state, RECORD_NAME), [state]);
  const kept = await keeper.run(sleeper("a"));
  const identity = identify(kept.pid);
  expect(identity && isAlive(identity)).toBe(true);
  await keeper.close();
  expect(identity && isAlive(identity)).toBe(false);
  expect(existsSync(state)).toBe(false);
});

test("tells when a process ends, and when a program is missing", async () => {
  const keeper = Keeper.open(join(root, "ends", RECORD_NAME));
  const kept = await keeper.run({ ...sleeper("b"), command: ["sh", "-c", "exit 3"] });
  expect(await kept.exited).toBe(3);
  const missing = keeper.run({ ...sleeper("c"), command: [join(root, "missing")] });
  await expect(missing).rejects.toThrow("Cannot start c");
  await keeper.close();
});

/** A process that opens a keeper with one child, prints the child's pid and waits. */
function opener(state: string) {
  mkdirSync(state, { recursive: true });
  const program = `
    import { Keeper } from ${JSON.stringify(`${import.meta.dir}/keeper.ts`)};
    const keeper = Keeper.open(${JSON.stringify(join(state, RECORD_NAME))});
    await keeper.run(${JSON.stringify(sleeper("d"))});
    console.log("up");
    await new Promise(() => {});`;
  const child = spawn(process.execPath, ["-e", program], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const up = new Promise<void>((done) => child.stdout.once("data", () => done()));
  return { child, up, record: () => readRecord(join(state, RECORD_NAME)) };
}

test("kill -9 of the opener: the keeper stops everything and goes", async () => {
  const { child, up, record } = opener(join(root, "killed"));
  await up;
  const before = record();
  if (!before) throw new Error("no record");
  child.kill("SIGKILL");
  await until(() => !isAlive(before.keeper) && before.processes.every((entry) => !isAlive(entry)));
  expect(record()).toBeUndefined();
});

test("kill -9 of the keeper too: the next run ends what is left, by its record", async () => {
  const state = join(root, "orphans");
  const { child, up, record } = opener(state);
  await up;
  const before = record();
  if (!before) throw new Error("no record");
  process.kill(before.keeper.pid, "SIGKILL");
  child.kill("SIGKILL");
  await until(() => !isAlive(before.keeper));
  expect(before.processes.every(isAlive)).toBe(true);
  await endLeftovers([state], silent);
  expect(before.processes.some(isAlive)).toBe(false);
  expect(record()).toBeUndefined();
});
