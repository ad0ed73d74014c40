import { spawn } from "node:child_process";

export interface CommandResult {
  code: number;
  /** Both streams, in the order of arrival. */
  output: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  uid?: number;
  gid?: number;
}

/** Runs a short-lived command to its end. A command that can't be started answers 127. */
export function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file = "", ...args] = command;
  return new Promise((answer) => {
    const chunks: Buffer[] = [];
    const child = spawn(file, args, { ...options, env: options.env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Whoever ends this process does not want the command to go on alone.
    const abandon = () => child.kill();
    process.once("exit", abandon);
    child.once("close", () => process.off("exit", abandon));
    child.on("error", (error) => answer({ code: 127, output: error.message }));
    child.on("close", (code) => answer({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}
