/** One thing of the realm that is not as the gateway needs it. */
export interface RealmChange {
  /** What it is about: `realm`, `user_profile`, `client`, `service_account`. */
  subject: "realm" | "user_profile" | "client" | "service_account";
  /** The setting, or the role; `created` for the whole subject. */
  name: string;
  /** In words, as it is once done. */
  text: string;
  /** As it is and as it is to be; left out where there is nothing to compare, or where it is a secret. */
  from?: unknown;
  to?: unknown;
}

/** Never shown. */
const SECRETS: readonly string[] = ["secret"];

/** A change for each setting that differs. @param label how the subject is called in words */
export function settingChanges(
  subject: RealmChange["subject"],
  label: string,
  current: object,
  different: object,
): RealmChange[] {
  return Object.entries(different).map(([name, to]) => {
    const change = { subject, name, text: `${label}: ${name} set` };
    return SECRETS.includes(name) ? change : { ...change, from: narrowed(Reflect.get(current, name), to), to };
  });
}

/** Of an object with many members, those that are to be set. */
function narrowed(current: unknown, desired: unknown): unknown {
  if (!isRecord(current) || !isRecord(desired)) return current;
  return Object.fromEntries(Object.keys(desired).map((name) => [name, current[name]]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
