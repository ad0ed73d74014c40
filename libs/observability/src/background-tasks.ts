import type { Logger } from "./logger.ts";
import { requestContext } from "./request-context.ts";
import { waitAtMost } from "./wait-at-most.ts";

/**
 * Work that goes on after its request was answered. A stopping process waits for it, so that nothing is half-done.
 * @example
 * ```ts
 * import { BackgroundTasks, silentLogger } from "@libs/observability";
 *
 * const background = new BackgroundTasks(silentLogger);
 * background.run("welcome mail", async () => console.log("sent"));
 * export const total = await background.finish(async () => 42);
 * await background.drain(5000); // before the process stops
 * ```
 */
export class BackgroundTasks {
  readonly #running = new Set<Promise<unknown>>();

  constructor(private readonly logger: Logger) {}

  /** Starts `work`, freed from the request's deadline; a failure is logged under `name` and goes no further. */
  run(name: string, work: () => Promise<unknown>): void {
    this.finish(work).catch((error) => this.logger.error({ err: error, task: name }, "background task failed"));
  }

  /** Starts `work`, freed from the request's deadline, and gives its outcome to those who still wait for it. */
  finish<T>(work: () => Promise<T>): Promise<T> {
    const task = requestContext.withoutDeadline(work);
    this.#running.add(task);
    task.catch(() => {}).finally(() => this.#running.delete(task));
    return task;
  }

  /**
   * Resolves when all that runs, and all that it starts, has ended.
   * @param limitMs resolves after so many milliseconds at the latest: the rest is left
   */
  drain(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    return waitAtMost(this.#ended(), limitMs, () => {});
  }

  async #ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
