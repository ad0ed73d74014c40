import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { endProcess, identify, isAlive, parseProcStat, processStart } from "./process-identity.ts";

const sleeper = () => spawn("sleep", ["60"], { stdio: "ignore" });

test("a process is itself, and not another one with its number", () => {
  const self = identify(process.pid);
  expect(self && isAlive(self)).toBe(true);
  expect(isAlive({ pid: process.pid, startedAt: "an earlier process of this pid" })).toBe(false);
});

test("ends the recorded process and waits for its end", async () => {
  const child = sleeper();
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error("no identity");
  await endProcess(identity);
  expect(isAlive(identity)).toBe(false);
});

test("leaves a process alone that merely has the recorded number", async () => {
  const child = sleeper();
  const pid = child.pid ?? 0;
  await endProcess({ pid, startedAt: "before the last boot" });
  expect(processStart(pid)).toBeDefined();
  child.kill("SIGKILL");
});

test("kills what does not end by itself within the time it was given", async () => {
  const child = spawn("sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"], { stdio: "ignore" });
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error("no identity");
  await endProcess(identity, "SIGTERM", 200);
  expect(isAlive(identity)).toBe(false);
});

test("reads the start time behind a name with spaces and parentheses; a zombie is dead", () => {
  const rest = Array.from({ length: 18 }, (_, index) => index).join(" ");
  expect(parseProcStat(`12 (a (b) c) S ${rest} 987 1 2`, "boot")).toBe("boot:987");
  expect(parseProcStat(`12 (a) Z ${rest} 987 1 2`, "boot")).toBeUndefined();
});
