import { spawnSupervised } from "@libs/dev-stack";

const file = Bun.fileURLToPath(new URL("./stand-in-keycloak.ts", import.meta.url));

/** A process that answers like Keycloak, with generated users. */
export class StandIn {
  private constructor(
    private readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">,
    readonly url: string,
  ) {}

  static async start(users: number): Promise<StandIn> {
    const { PATH, HOME } = process.env;
    const child = spawnSupervised([process.execPath, file, String(users)], {
      env: { PATH, HOME },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    for await (const chunk of child.stdout) return new StandIn(child, Buffer.from(chunk).toString().trim());
    throw new Error(`the stand-in for Keycloak ended with ${await child.exited}`);
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.child.exited;
  }
}
