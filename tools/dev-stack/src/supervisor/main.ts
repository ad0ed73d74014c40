// The supervisor: owns the servers of a stack, and outlives whoever opened it just long enough to stop them.
// Its standard input is a pipe from its opener; however that one dies (Ctrl-C, SIGTERM, kill -9), the pipe ends, and the
// supervisor stops what it owns in reverse order. Started in a session of its own, so that Ctrl-C reaches only the opener.
//   bun supervisor/main.ts RECORD_FILE [DISPOSABLE_FOLDER …]
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { endProcess, identify, isAlive, type ProcessIdentity } from "../machine/process-identity.ts";
import {
  type AdoptedProcess,
  CONSOLE,
  lineReader,
  type ProcessSpec,
  type SupervisorCommand,
  type SupervisorEvent,
  type SupervisorRecord,
} from "./protocol.ts";

const [recordFile = "", ...disposable] = process.argv.slice(2);
type Stop = Pick<ProcessSpec, "name" | "stopSignal" | "graceMs">;

const owned: Array<{ spec: Stop; identity: ProcessIdentity }> = [];
const opener = process.ppid;
let stopping = false;

const report = (event: SupervisorEvent) => {
  if (!stopping) process.stdout.write(`${JSON.stringify(event)}\n`);
};

function writeRecord(): void {
  const record: SupervisorRecord = {
    supervisor: identify(process.pid) ?? { pid: process.pid, startedAt: "" },
    processes: owned.map(({ spec, identity }) => ({ name: spec.name, stopSignal: spec.stopSignal, ...identity })),
    disposable,
  };
  writeFileSync(`${recordFile}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${recordFile}.new`, recordFile);
}

function launch(spec: ProcessSpec): ChildProcess {
  const log = spec.log === CONSOLE ? 2 : openSync(spec.log, "a", 0o600);
  try {
    const [file = "", ...args] = spec.command;
    const { cwd, env, uid, gid } = spec;
    return spawn(file, args, { cwd, env, uid, gid, stdio: ["ignore", log, log] });
  } finally {
    if (log !== 2) closeSync(log);
  }
}

function run(spec: ProcessSpec): void {
  const child = launch(spec);
  child.once("error", (error) => report({ failed: spec.name, reason: error.message }));
  if (child.pid === undefined) return;
  const identity = identify(child.pid);
  if (identity) {
    owned.push({ spec, identity });
    writeRecord();
  }
  child.once("exit", (code, signal) => {
    const index = owned.findIndex((entry) => entry.identity === identity);
    if (index >= 0) owned.splice(index, 1);
    if (!stopping) writeRecord();
    report({ exited: spec.name, code: code ?? (signal ? 128 : 1) });
  });
  report({ started: spec.name, pid: child.pid });
}

function adopt({ identity, ...spec }: AdoptedProcess): void {
  // Nobody reports the end of what is no child of ours.
  for (const gone of owned.filter((entry) => !isAlive(entry.identity))) owned.splice(owned.indexOf(gone), 1);
  owned.push({ spec, identity });
  writeRecord();
}

async function stop(name: string): Promise<void> {
  const entry = owned.find(({ spec }) => spec.name === name);
  if (entry) await endProcess(entry.identity, entry.spec.stopSignal, entry.spec.graceMs);
}

async function stopAll(): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const { spec, identity } of [...owned].reverse()) await endProcess(identity, spec.stopSignal, spec.graceMs);
  for (const folder of disposable) rmSync(folder, { recursive: true, force: true });
  rmSync(recordFile, { force: true });
  process.exit(0);
}

writeRecord();
process.stdin.on(
  "data",
  lineReader((line) => {
    const command = JSON.parse(line) as SupervisorCommand;
    if ("run" in command) run(command.run);
    else if ("adopt" in command) adopt(command.adopt);
    else void stop(command.stop);
  }),
);
process.stdin.on("end", () => void stopAll());
process.stdin.on("error", () => void stopAll());
// A broken pipe to a dead opener must not end the supervisor before its processes.
process.stdout.on("error", () => {});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stopAll());
// Second line of defence: some other child of the opener may hold the pipe open.
setInterval(() => {
  if (process.ppid !== opener) void stopAll();
}, 500);
