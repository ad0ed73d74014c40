import type { ProcessIdentity } from "../machine/process-identity.ts";

/** A process that the supervisor shall start and own. */
export interface ProcessSpec {
  name: string;
  command: string[];
  cwd: string;
  /** The whole environment of the process. */
  env: Record<string, string>;
  /** Set together, only when we are root. */
  uid?: number;
  gid?: number;
  /** File that gets both output streams; `console` passes them to the terminal of the one who opened the supervisor. */
  log: string;
  /** How the process is asked to end. */
  stopSignal: NodeJS.Signals;
  /** How long it may take before it is killed. */
  graceMs: number;
}

/** A process that its opener has started, and that the supervisor shall end all the same. */
export interface AdoptedProcess {
  name: string;
  identity: ProcessIdentity;
  stopSignal: NodeJS.Signals;
  /** How long it may take before it is killed. */
  graceMs: number;
}

/** One line of JSON to the supervisor's standard input. End of input: stop everything. */
export type SupervisorCommand = { run: ProcessSpec } | { adopt: AdoptedProcess } | { stop: string };

/** One line of JSON from the supervisor's standard output. */
export type SupervisorEvent =
  | { started: string; pid: number }
  | { failed: string; reason: string }
  | { exited: string; code: number };

/** What the supervisor writes down after each start, so that a later run can end what a killed supervisor left behind. */
export interface SupervisorRecord {
  supervisor: ProcessIdentity;
  processes: Array<{ name: string; stopSignal: NodeJS.Signals } & ProcessIdentity>;
  /** Folders that are worth nothing once the processes have ended. */
  disposable: string[];
}

export const CONSOLE = "console";

/** Splits a stream of bytes into lines. */
export function lineReader(onLine: (line: string) => void): (chunk: Uint8Array | string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"))).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) onLine(line);
  };
}
