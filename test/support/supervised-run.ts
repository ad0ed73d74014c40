import { spawnSupervised } from "@libs/dev-stack";

const running = new Set<SupervisedRun>();

/** For `afterEach`: a test that failed leaves no process behind. */
export async function stopSupervisedRuns(): Promise<void> {
  await Promise.all([...running].map((run) => run.kill()));
}

/** A program of the tests in a process of its own, which ends with this one. */
export abstract class SupervisedRun {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #read: Promise<void>;

  /** @param script a file of this folder */
  constructor(script: string, args: readonly string[]) {
    const { PATH, HOME } = process.env;
    const file = Bun.fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawnSupervised([process.execPath, file, ...args], {
      env: { PATH, HOME },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#read = this.#readOutput();
    running.add(this);
  }

  /** @returns its exit code, once all that it wrote was read */
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

  /** Takes what it writes to standard output, in parts. */
  protected abstract take(text: string): void;

  async #readOutput(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) this.take(decoder.decode(bytes, { stream: true }));
  }
}
