import { readFileSync } from "node:fs";
import { spawnSupervised } from "@libs/dev-stack";

const script = Bun.fileURLToPath(new URL("./failing-subscriber.ts", import.meta.url));

/** A process that handles events, fails at random, and writes down what it has handled. */
export class SubscriberProcess {
  private constructor(private readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">) {}

  /** Returns when it is subscribed. */
  static async start(databaseUrl: string, name: string, file: string): Promise<SubscriberProcess> {
    const { PATH, HOME } = process.env;
    const child = spawnSupervised([process.execPath, script, databaseUrl, name, file], {
      env: { PATH, HOME },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    for await (const _ of child.stdout) return new SubscriberProcess(child);
    throw new Error(`the subscriber ended with ${await child.exited}`);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }
}

/** Versions and types as they were handled, in this order, for each user. */
export function readHandled(file: string): Map<string, { version: number; type: string }[]> {
  const handled = new Map<string, { version: number; type: string }[]>();
  for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) {
    const [userId = "", version = "", type = ""] = line.split(" ");
    const mine = handled.get(userId) ?? [];
    handled.set(userId, [...mine, { version: Number(version), type }]);
  }
  return handled;
}
