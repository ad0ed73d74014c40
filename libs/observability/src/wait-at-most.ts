/**
 * Waits for `work` for a limited time; `work` itself goes on, and what becomes of it later is ignored. The one time-out of
 * all packages, beside `AbortSignal.timeout` for calls that are to be cut.
 * @param work what is waited for
 * @param limitMs milliseconds; without a limit where it is infinite
 * @param onLate gives the result, or throws, once the time is over
 * @throws what `work` or `onLate` throws
 * @example
 * ```ts
 * import { waitAtMost } from "@libs/observability";
 *
 * const check = async () => (await fetch("http://localhost:3000/health/live")).ok;
 * export const isUp = await waitAtMost(check(), 2000, () => false);
 * ```
 */
export async function waitAtMost<T>(work: Promise<T>, limitMs: number, onLate: () => T): Promise<T> {
  if (!Number.isFinite(limitMs)) return await work;
  const { promise: late, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => {
    try {
      resolve(onLate());
    } catch (error) {
      reject(error);
    }
  }, limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
