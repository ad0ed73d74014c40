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
  // What is no method is the repository's own.
  const instrumented = Object.create(repository);
  for (const property of methodsOf(repository)) {
    const method = Reflect.get(repository, property) as (...args: unknown[]) => Promise<unknown>;
    instrumented[property] = observed(`${name}.${property}`, method.bind(repository), observe);
  }
  return instrumented;
}

/** Of an object and its classes. */
function methodsOf(object: object): Set<string> {
  const names = new Set<string>();
  for (let owner = object; owner !== Object.prototype; owner = Object.getPrototypeOf(owner))
    for (const [property, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      if (typeof value === "function" && property !== "constructor") names.add(property);
  return names;
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
