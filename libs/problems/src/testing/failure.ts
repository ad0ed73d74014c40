import { AuthError } from "../auth-error.ts";
import type { AuthErrorCode } from "../catalogue.ts";

/** @returns the error that `work` fails with; fails itself when `work` does not fail, or with another code */
export async function failure(work: Promise<unknown>, code: AuthErrorCode): Promise<AuthError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof AuthError)) throw new Error(`expected ${code}, got ${String(outcome)}`, { cause: outcome });
  if (outcome.code !== code) throw new Error(`expected ${code}, got ${outcome.code}: ${outcome.internal}`);
  return outcome;
}
