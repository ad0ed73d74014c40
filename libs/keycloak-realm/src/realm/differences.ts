/**
 * The part of `desired` that `current` does not have yet; arrays of strings are compared as sets.
 * @returns undefined when nothing differs
 */
export function differences<T extends object>(current: object, desired: T): Partial<T> | undefined {
  const different = Object.entries(desired).filter(
    ([key, value]) => value !== undefined && !same(Reflect.get(current, key), value),
  );
  return different.length === 0 ? undefined : (Object.fromEntries(different) as Partial<T>);
}

function same(current: unknown, desired: unknown): boolean {
  if (Array.isArray(current) && Array.isArray(desired)) {
    return current.length === desired.length && desired.every((value) => current.includes(value));
  }
  if (typeof desired === "object" && desired !== null) {
    return typeof current === "object" && current !== null && differences(current, desired) === undefined;
  }
  return current === desired;
}
