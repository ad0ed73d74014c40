import type { Environment } from "../input/read-variables.ts";
import type { Terminal } from "../ui/terminal.ts";
import type { ExitCode } from "./exit-code.ts";

/** What every command is given. */
export interface CommandContext {
  environment: Environment;
  terminal: Terminal;
  /** From the call on, Ctrl-C (SIGINT) and SIGTERM abort this signal instead of ending the process; a second one ends it. */
  interruptible: () => AbortSignal;
  /** How the process is to end, where that is neither 0 nor given by an error. */
  endWith: (code: ExitCode) => void;
}
