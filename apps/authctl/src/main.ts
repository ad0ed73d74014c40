#!/usr/bin/env bun
import type { CommandContext } from "./command/command-context.ts";
import { ExitCode } from "./command/exit-code.ts";
import { createProgram } from "./create-program.ts";
import { describeFailure, exitCodeOf } from "./describe-failure.ts";
import { openTerminal } from "./ui/terminal.ts";

// Whoever reads the output has seen enough, as `head` has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.failed);
  throw error;
});

const terminal = openTerminal(process, process.env);

const context: CommandContext = {
  environment: process.env,
  terminal,
  interruptible() {
    const controller = new AbortController();
    const stop = () => {
      // A second one ends the process as if there were no handler.
      for (const name of ["SIGINT", "SIGTERM"] as const) process.removeListener(name, stop);
      controller.abort();
      process.exitCode = ExitCode.interrupted;
    };
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
    return controller.signal;
  },
  endWith(code) {
    process.exitCode = code;
  },
};

try {
  await createProgram(context).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  const text = await describeFailure(error, process.env);
  if (text) terminal.report(`${terminal.reportColors.red("authctl:")} ${text}`);
}
