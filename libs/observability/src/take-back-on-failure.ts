/**
 * Registers how a step is taken back, should the work as a whole fail: `takeBack` gets what it failed with.
 * @see {@link takeBackOnFailure}
 */
export type OnDone = (takeBack: (failure: unknown) => void) => void;

/**
 * Runs `work`. When it fails, every step that it registered is taken back, the newest first; so is one that is registered
 * only after the failure, by a part of the work that went on.
 * @param work gets a function to register steps with; `takeBack` must not throw
 * @throws what `work` throws
 * @example
 * ```ts
 * import { type OnDone, takeBackOnFailure } from "@libs/observability";
 *
 * const openSession = async (onDone: OnDone) => {
 *   const session = { end: async () => {} };
 *   onDone(() => void session.end());
 *   return session;
 * };
 * export const session = await takeBackOnFailure(async (onDone) => {
 *   const opened = await openSession(onDone);
 *   if (Math.random() < 0.5) throw new Error("the session is ended again");
 *   return opened;
 * });
 * ```
 */
export async function takeBackOnFailure<T>(work: (onDone: OnDone) => Promise<T>): Promise<T> {
  const done: ((failure: unknown) => void)[] = [];
  let failed: { failure: unknown } | undefined;
  try {
    return await work((takeBack) => {
      if (failed) takeBack(failed.failure);
      else done.unshift(takeBack);
    });
  } catch (failure) {
    failed = { failure };
    for (const takeBack of done) takeBack(failure);
    throw failure;
  }
}
