import { spawnSupervised } from "@libs/dev-stack";
/** A server under measurement, as a process of its own; it sends its port when it listens. */
export class BenchProcess {
  private constructor(
    private readonly child: Bun.Subprocess,
    readonly port: number,
  ) {}

  /** @param command as in `["node", "server.mjs"]`; what it logs is thrown away */
  static async start(command: string[], env: Record<string, string>): Promise<BenchProcess> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const { PATH, HOME } = process.env;
    const child = spawnSupervised(command, {
      env: { PATH, HOME, NODE_ENV: "production", ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "inherit",
      // JSON is what Bun and Node.js both speak.
      serialization: "json",
      ipc: (message) => resolve((message as { port: number }).port),
      onExit: (_, code) => reject(new Error(`${command.join(" ")} ended with ${code}`)),
    });
    return new BenchProcess(child, await promise);
  }

  get pid(): number {
    return this.child.pid;
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.child.exited;
  }
}
