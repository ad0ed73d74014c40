import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../base/report.ts";
import { identify, isAlive } from "../machine/process-identity.ts";
import { endLeftovers, RECORD_NAME, readRecord } from "./leftovers.ts";
import type { ProcessSpec } from "./protocol.ts";
import { Supervisor } from "./supervisor.ts";

const root = mkdtempSync(join(tmpdir(), "supervisor-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sleeper = (name: string): ProcessSpec => ({
  name,
  command: ["sleep", "60"],
  cwd: "/",
  env: {},
  log: join(root, `${name}.log`),
  stopSignal: "SIGTERM",
  graceMs: 2_000,
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await Bun.sleep(10);
};

test("closing stops what it runs, and removes what is disposable", async () => {
  const state = join(root, "closing");
  const supervisor = Supervisor.open(join(state, RECORD_NAME), [state]);
  const child = await supervisor.run(sleeper("a"));
  const identity = identify(child.pid);
  expect(identity && isAlive(identity)).toBe(true);
  await supervisor.close();
  expect(identity && isAlive(identity)).toBe(false);
  expect(existsSync(state)).toBe(false);
});

test("reports when a process ends, and when a program is missing", async () => {
  const supervisor = Supervisor.open(join(root, "ends", RECORD_NAME));
  const kept = await supervisor.run({ ...sleeper("b"), command: ["sh", "-c", "exit 3"] });
  expect(await kept.exited).toBe(3);
  const missing = supervisor.run({ ...sleeper("c"), command: [join(root, "missing")] });
  await expect(missing).rejects.toThrow("Cannot start c");
  await supervisor.close();
});

/** A process that opens a supervisor with one child, prints the child's pid and waits. */
function opener(state: string) {
  mkdirSync(state, { recursive: true });
  const program = `
    import { Supervisor } from ${JSON.stringify(`${import.meta.dir}/supervisor.ts`)};
    const supervisor = Supervisor.open(${JSON.stringify(join(state, RECORD_NAME))});
    await supervisor.run(${JSON.stringify(sleeper("d"))});
    console.log("up");
    await new Promise(() => {});`;
  const child = spawn(process.execPath, ["-e", program], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const up = new Promise<void>((done) => child.stdout.once("data", () => done()));
  return { child, up, record: () => readRecord(join(state, RECORD_NAME)) };
}

test("kill -9 of the opener: the supervisor stops everything and goes", async () => {
  const { child, up, record } = opener(join(root, "killed"));
  await up;
  const before = record();
  if (!before) throw new Error("no record");
  child.kill("SIGKILL");
  await until(() => !isAlive(before.supervisor) && before.processes.every((entry) => !isAlive(entry)));
  expect(record()).toBeUndefined();
});

test("kill -9 of the supervisor too: the next run ends what is left, by its record", async () => {
  const state = join(root, "orphans");
  const { child, up, record } = opener(state);
  await up;
  const before = record();
  if (!before) throw new Error("no record");
  process.kill(before.supervisor.pid, "SIGKILL");
  child.kill("SIGKILL");
  await until(() => !isAlive(before.supervisor));
  expect(before.processes.every(isAlive)).toBe(true);
  await endLeftovers([state], silent);
  expect(before.processes.some(isAlive)).toBe(false);
  expect(record()).toBeUndefined();
});

test("a stack that an earlier version runs is not taken for a leftover", async () => {
  const state = join(root, "earlier");
  mkdirSync(state);
  const record = { keeper: identify(process.pid), processes: [], disposable: [] };
  writeFileSync(join(state, RECORD_NAME), JSON.stringify(record));
  await endLeftovers([state], silent);
  expect(readRecord(join(state, RECORD_NAME))).toMatchObject({ supervisor: { pid: process.pid } });
});
