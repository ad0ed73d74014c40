/** The system's code of a failed call, such as `ECONNREFUSED`. Node's `fetch` has it in the cause. */
export function errorCode(error: Error): string | undefined {
  const code: unknown = Reflect.get(error, "code") ?? (error.cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
