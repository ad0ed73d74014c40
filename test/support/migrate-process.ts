import { spawnSupervised } from "@libs/dev-stack";

const script = Bun.fileURLToPath(new URL("./migrate-runner.ts", import.meta.url));
const running = new Set<MigrateProcess>();

/** For `afterEach`: a test that failed leaves no process behind. */
export async function stopMigrateProcesses(): Promise<void> {
  await Promise.all([...running].map((run) => run.kill()));
}

/** A process that migrates a database. */
export class MigrateProcess {
  output = "";
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #read: Promise<void>;

  constructor(databaseUrl: string, migrationsDir: string) {
    const { PATH, HOME } = process.env;
    this.#child = spawnSupervised([process.execPath, script, databaseUrl, migrationsDir], {
      env: { PATH, HOME },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#read = this.#readOutput();
    running.add(this);
  }

  async exited(): Promise<number> {
    const code = await this.#child.exited;
    await this.#read;
    running.delete(this);
    return code;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited();
  }

  async #readOutput(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) this.output += decoder.decode(bytes, { stream: true });
  }
}
