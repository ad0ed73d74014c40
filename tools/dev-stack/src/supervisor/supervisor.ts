import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { StackError } from "../base/stack-error.ts";
import {
  type AdoptedProcess,
  lineReader,
  type ProcessSpec,
  type SupervisorCommand,
  type SupervisorEvent,
} from "./protocol.ts";

/** A process that the supervisor runs for us. */
export interface SupervisedProcess {
  name: string;
  pid: number;
  log: string;
  /** Settles with the exit code when the process ends, whoever ended it. */
  exited: Promise<number>;
  /** Known once it has ended. */
  exitCode: number | undefined;
}

interface Pending {
  spec: ProcessSpec;
  started: (process: SupervisedProcess) => void;
  failed: (error: Error) => void;
}

/** Opener's side of the supervisor: starts it, hands it processes, and stops everything by closing its standard input. */
export class Supervisor {
  /** Settles when the supervisor itself has ended. */
  readonly closed: Promise<void>;
  private readonly pending = new Map<string, Pending>();
  private readonly running = new Map<string, { process: SupervisedProcess; onExit: (code: number) => void }>();

  private static readonly opened = new Set<Supervisor>();

  private constructor(private readonly child: ChildProcess) {
    Supervisor.opened.add(this);
    this.closed = new Promise((done) => child.once("exit", () => done()));
    child.stdout?.on(
      "data",
      lineReader((line) => this.hear(JSON.parse(line) as SupervisorEvent)),
    );
    child.stdin?.on("error", () => {});
    void this.closed.then(() => {
      Supervisor.opened.delete(this);
      this.forgetAll();
    });
  }

  /**
   * @param recordFile where the supervisor writes what it runs
   * @param disposable folders that the supervisor removes after it has stopped everything
   */
  static open(recordFile: string, disposable: readonly string[] = []): Supervisor {
    mkdirSync(dirname(recordFile), { recursive: true });
    const program = `${import.meta.dir}/main.ts`;
    const child = spawn(process.execPath, [program, recordFile, ...disposable], {
      cwd: dirname(recordFile),
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    return new Supervisor(child);
  }

  /** @throws StackError if the program can't be started */
  run(spec: ProcessSpec): Promise<SupervisedProcess> {
    return new Promise((started, failed) => {
      this.pending.set(spec.name, { spec, started, failed });
      this.send({ run: spec });
    });
  }

  /** Has the supervisor end a process that this one has started itself. One that has ended is left alone. */
  adopt(process: AdoptedProcess): void {
    this.send({ adopt: process });
  }

  /** Lets this process end although the supervisor is open. */
  unref(): void {
    this.child.unref();
    for (const stream of [this.child.stdin, this.child.stdout]) (stream as { unref?(): void } | null)?.unref?.();
  }

  /** What runs now. */
  all(): SupervisedProcess[] {
    return [...this.running.values()].map(({ process }) => process);
  }

  /** Stops one process and waits until it has ended. */
  async stop(name: string): Promise<void> {
    const entry = this.running.get(name);
    if (!entry) return;
    this.send({ stop: name });
    await entry.process.exited;
  }

  /** Stops everything in reverse order of its start, and the supervisor with it. */
  async close(): Promise<void> {
    this.child.stdin?.end();
    await this.closed;
  }

  static anyOpen(): boolean {
    return Supervisor.opened.size > 0;
  }

  /** Closes every supervisor of this process, also those of a start that is still under way. */
  static async closeAll(): Promise<void> {
    await Promise.all([...Supervisor.opened].map((supervisor) => supervisor.close()));
  }

  private send(command: SupervisorCommand): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  private hear(event: SupervisorEvent): void {
    if ("started" in event) this.onStarted(event.started, event.pid);
    else if ("failed" in event) {
      this.pending.get(event.failed)?.failed(new StackError(`Cannot start ${event.failed}: ${event.reason}`));
      this.pending.delete(event.failed);
    } else this.onExited(event.exited, event.code);
  }

  private onStarted(name: string, pid: number): void {
    const pending = this.pending.get(name);
    if (!pending) return;
    this.pending.delete(name);
    let onExit: (code: number) => void = () => {};
    const exited = new Promise<number>((done) => {
      onExit = done;
    });
    const process: SupervisedProcess = { name, pid, log: pending.spec.log, exited, exitCode: undefined };
    this.running.set(name, { process, onExit });
    pending.started(process);
  }

  private onExited(name: string, code: number): void {
    const entry = this.running.get(name);
    if (!entry) return;
    this.running.delete(name);
    entry.process.exitCode = code;
    entry.onExit(code);
  }

  private forgetAll(): void {
    for (const name of this.running.keys()) this.onExited(name, 0);
    for (const { failed, spec } of this.pending.values()) {
      failed(new StackError(`Cannot start ${spec.name}: the supervisor process has ended.`));
    }
    this.pending.clear();
  }
}

/** The last lines of a log, for the message about a process that did not come up. */
export function logTail(file: string, lines = 15): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "(no log)";
  }
}
