import { type Report, silent } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import type { StackFile } from "../stack-file.ts";
import { watchRunners } from "./runner-watch.ts";
import { StackSession } from "./stack-session.ts";

/**
 * Runs a stack in the foreground: up, a screen, and down again at Ctrl-C, at SIGTERM, when whoever runs us is gone, or
 * when one of its processes ends by itself.
 * @returns the exit code
 */
export async function holdStack(options: {
  gateway: boolean;
  args: readonly string[];
  report: Report;
  screen: (stack: StackFile) => string;
}): Promise<number> {
  const { gateway, args, report, screen } = options;
  const unknown = args.filter((arg) => arg !== "--fresh");
  if (unknown.length > 0) throw new StackError(`Unknown option ${unknown.join(" ")}; there is --fresh.`);
  const session = StackSession.claim({ gateway, fresh: args.includes("--fresh"), report });
  const asked = untilAskedToStop();
  let code = 0;
  try {
    const up = session.start();
    const first = await Promise.race([up, asked]);
    if (first) {
      process.stdout.write(screen(first.stack));
      const reason = await Promise.race([first.ended, asked]);
      if (reason) {
        process.stderr.write(`${reason}\n`);
        code = 1;
      }
    } else up.catch(() => {});
  } finally {
    // A start that was refused has nothing to stop, and its message shall be the last line.
    const say = session.isUp ? report : silent;
    say("Stopping …");
    await session.stop();
    say("Stopped.");
  }
  return code;
}

function untilAskedToStop(): Promise<undefined> {
  return new Promise((stop) => {
    let asked = 0;
    const ask = () => {
      asked += 1;
      // Whoever presses Ctrl-C three times does not want to wait; the supervisor still ends what it owns.
      if (asked > 2) process.exit(1);
      stop(undefined);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
    watchRunners(ask);
  });
}
