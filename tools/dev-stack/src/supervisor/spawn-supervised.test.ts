import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isAlive } from "../machine/process-identity.ts";
import { RECORD_NAME, readRecord } from "./leftovers.ts";

const stateDir = mkdtempSync(join(tmpdir(), "spawn-supervised-test-"));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

/** A process that starts another one, prints its pid, and waits until it is ended. */
function opener(wait: string) {
  const program = `
    import { spawnSupervised } from ${JSON.stringify(`${import.meta.dir}/spawn-supervised.ts`)};
    const child = spawnSupervised(["sleep", "60"], { stdin: "ignore", stdout: "ignore" });
    console.log(child.pid);
    ${wait}`;
  const env = { ...process.env, STACK_DIR: stateDir };
  return Bun.spawn([process.execPath, "-e", program], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" });
}

async function childOf(child: ReturnType<typeof opener>) {
  const { value } = await child.stdout.getReader().read();
  const identity = identify(Number(new TextDecoder().decode(value)));
  if (!identity) throw new Error("no child");
  return identity;
}

const runs = join(stateDir, "runs");
const records = () =>
  (existsSync(runs) ? readdirSync(runs) : []).map((name) => readRecord(join(runs, name, RECORD_NAME)));

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await Bun.sleep(10);
};

test("kill -9: what the process had started ends with it", async () => {
  const killed = opener("await new Promise(() => setInterval(() => {}, 1000));");
  const child = await childOf(killed);
  await until(() => records().some((record) => record?.processes.some(({ pid }) => pid === child.pid)));
  expect(isAlive(child)).toBe(true);
  killed.kill("SIGKILL");
  await until(() => !isAlive(child));
});

test("it does not keep the process from ending, and leaves no record", async () => {
  const ending = opener("child.unref();");
  const child = await childOf(ending);
  expect(await ending.exited).toBe(0);
  await until(() => !isAlive(child));
  await until(() => records().length === 0);
});
