import {
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  ForeignKeyViolationError,
  UniqueViolationError,
} from "@libs/postgres";

/**
 * How a call of a port ended.
 * @see {@link createRepositories}
 */
export type DatabaseOutcome = "success" | "conflict" | "timeout" | "unavailable" | "error";

/**
 * Reports one call of a port.
 * @param operation `repository.method`
 * @param seconds how long the call took, waiting for a connection included
 * @see {@link createRepositories}
 */
export type ObserveDatabase = (operation: string, outcome: DatabaseOutcome, seconds: number) => void;

/**
 * The same repository, every call reported.
 * @param name goes before the method's name: `sessions` and `recordLogin` make `sessions.recordLogin`
 */
export function instrument<T extends object>(name: string, repository: T, observe: ObserveDatabase): T {
  const calls = new Map<PropertyKey, unknown>();
  return new Proxy(repository, {
    get(target, property) {
      const known = calls.get(property);
      if (known) return known;
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      const call = observed(`${name}.${String(property)}`, member.bind(target), observe);
      calls.set(property, call);
      return call;
    },
  });
}

function observed(operation: string, method: (...args: unknown[]) => Promise<unknown>, observe: ObserveDatabase) {
  return async (...args: unknown[]): Promise<unknown> => {
    const startedAt = performance.now();
    const report = (outcome: DatabaseOutcome) => observe(operation, outcome, (performance.now() - startedAt) / 1000);
    try {
      const result = await method(...args);
      report("success");
      return result;
    } catch (error) {
      report(outcomeOf(error));
      throw error;
    }
  };
}

function outcomeOf(error: unknown): DatabaseOutcome {
  if (error instanceof UniqueViolationError || error instanceof ForeignKeyViolationError) return "conflict";
  if (error instanceof DatabaseTimeoutError) return "timeout";
  if (error instanceof DatabaseUnavailableError) return "unavailable";
  return "error";
}
