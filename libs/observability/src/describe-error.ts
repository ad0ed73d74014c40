/**
 * An error for the log: names, codes and our own internal texts. A driver's or a server's message is left out, because
 * it can quote what was sent.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, internal } = error as Error & { code?: unknown; internal?: unknown };
  return {
    name: error.name,
    ...(typeof code === "string" && { code }),
    ...(typeof internal === "string" && { internal }),
    stack: error.stack
      ?.split("\n")
      .filter((line) => line.trimStart().startsWith("at "))
      .slice(0, 6),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
