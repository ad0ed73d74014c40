import { readFileSync } from "node:fs";
import { identify, isAlive, type ProcessIdentity } from "../machine/process-identity.ts";

/**
 * `npx … bun run start` is a chain of processes above this one, and a kill of one of them does not reach us. This calls
 * `onGone` when a package runner above us has died: then nobody is left who could press Ctrl-C.
 */
export function watchRunners(onGone: () => void, everyMs = 500): void {
  const chain = runnersAbove(process.ppid);
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (chain.every(isAlive)) return;
    clearInterval(timer);
    onGone();
  }, everyMs);
  timer.unref();
}

/** `bun run`, `npx`, `npm exec` and the shells between them; a user's own shell ends the chain. */
function runnersAbove(first: number): ProcessIdentity[] {
  const chain: ProcessIdentity[] = [];
  for (let pid = first; pid > 1; pid = parentOf(pid)) {
    const command = commandLine(pid);
    const identity = identify(pid);
    if (!identity || !isRunner(command)) break;
    chain.push(identity);
  }
  return chain;
}

/** @param command arguments of a process */
export function isRunner(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  const line = args.join(" ");
  if (/(^|\/)(bun|bunx)(\.exe)?$/.test(program)) return args[0] === "run" || args[0] === "x";
  if (/(^|\/)(sh|bash|dash)$/.test(program)) return args[0] === "-c" && /\bbun\b.*\brun\b/.test(line);
  return /^(npm|npx)( |$)/.test(program) || /(^|\/)(npx|npm)(-cli\.js)?( |$)/.test(args[0] ?? "");
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return [];
  }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
