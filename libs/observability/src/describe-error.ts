/** What an error may have beside its name. */
interface Described extends Error {
  code?: unknown;
  /** A text of our own, without a value. */
  internal?: unknown;
  /** `true`: code and `internal` say why it happened, and its stack nothing more. */
  causeKnown?: unknown;
}

/** Codes of the system (`ECONNREFUSED`) and of PostgreSQL (`28P01`, with the severity beside it): each is a known cause. */
const SYSTEM_CODE = /^E[A-Z]{3,}$/;
const SQL_STATE = /^[0-9A-Z]{5}$/;

/**
 * An error for the log: names, codes and our own internal texts, and a stack where the cause is not known. A driver's or
 * a server's message is left out, because it can quote what was sent.
 * @param error whatever was thrown
 * @returns fields for a log line
 * @example
 * ```ts
 * import { describeError, silentLogger } from "@libs/observability";
 *
 * try {
 *   JSON.parse("{");
 * } catch (error) {
 *   silentLogger.warn(describeError(error), "the body can't be read");
 * }
 * ```
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, internal } = error as Described;
  return {
    name: error.name,
    ...(typeof code === "string" && { code }),
    ...(typeof internal === "string" && { internal }),
    ...(!isCauseKnown(error) && { stack: shortStack(error) }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

function isCauseKnown(error: Described): boolean {
  const { code } = error;
  if (error.causeKnown === true) return true;
  if (typeof code !== "string") return false;
  return SYSTEM_CODE.test(code) || (SQL_STATE.test(code) && "severity" in error);
}

function shortStack({ stack }: Error): string[] | undefined {
  return stack
    ?.split("\n")
    .filter((line) => line.trimStart().startsWith("at "))
    .slice(0, 6);
}
