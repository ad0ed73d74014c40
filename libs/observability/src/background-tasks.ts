import type { Logger } from "./logger.ts";

/** Work that goes on after its request was answered. A stopping process waits for it, so that nothing is half-done. */
export class BackgroundTasks {
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly logger: Logger) {}

  /** Starts `work`; a failure is logged under `name` and goes no further. */
  run(name: string, work: () => Promise<unknown>): void {
    const task = (async () => {
      try {
        await work();
      } catch (error) {
        this.logger.error({ err: error, task: name }, "background task failed");
      }
    })();
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  /** Resolves when all that runs, and all that it starts, has ended. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
