import { createInterface } from "node:readline/promises";
import type { WriteStream } from "node:tty";
import pc from "picocolors";
import { InterruptedError } from "../input/interrupted-error.ts";
import type { Environment } from "../input/read-variables.ts";

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command speaks. Results go to standard output; everything about the work goes to standard error. */
export interface Terminal {
  /** A line of the result. */
  print: (line: string) => void;
  /** A line about the work. */
  report: (line: string) => void;
  /** For what is printed; they do nothing where colours are not wanted. */
  colors: Colors;
  /** For what is reported. */
  reportColors: Colors;
  /** Columns of what is printed; null where nobody reads along. */
  width: number | null;
  /** Where a bar can be drawn; null: not a terminal. */
  canvas: WriteStream | null;
  /** Asks a line; null: nobody is there to answer. It throws {@link InterruptedError} on Ctrl-C. */
  ask: ((question: string) => Promise<string>) | null;
}

/** @param environment for `NO_COLOR` (no-color.org) and `TERM` */
export function openTerminal(
  { stdin, stdout, stderr }: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr">,
  environment: Environment,
): Terminal {
  const colorful = !environment.NO_COLOR && environment.TERM !== "dumb";
  return {
    print: (line) => void stdout.write(`${line}\n`),
    report: (line) => void stderr.write(`${line}\n`),
    colors: pc.createColors(colorful && stdout.isTTY === true),
    reportColors: pc.createColors(colorful && stderr.isTTY === true),
    width: stdout.isTTY ? stdout.columns : null,
    canvas: stderr.isTTY ? stderr : null,
    ask: stdin.isTTY && stderr.isTTY ? (question) => ask(stdin, stderr, question) : null,
  };
}

async function ask(input: NodeJS.ReadStream, output: NodeJS.WriteStream, question: string): Promise<string> {
  const line = createInterface({ input, output });
  const interrupted = new Promise<never>((_, reject) => line.once("SIGINT", () => reject(new InterruptedError())));
  // End of input: no answer.
  const closed = new Promise<string>((resolve) => line.once("close", () => resolve("")));
  try {
    return await Promise.race([line.question(question), interrupted, closed]);
  } finally {
    line.close();
  }
}
