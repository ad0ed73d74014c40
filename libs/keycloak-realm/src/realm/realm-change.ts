/**
 * One thing of the realm that is not as the gateway needs it.
 * @see {@link applyRealm}
 */
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
    return SECRETS.includes(name) ? change : { ...change, ...narrowed(Reflect.get(current, name), to) };
  });
}

/** Of values with members, those that differ. */
function narrowed(from: unknown, to: unknown): { from: unknown; to: unknown } {
  if (!isRecord(to)) return { from, to };
  const before = isRecord(from) ? from : {};
  const names = Object.keys(to).filter((name) => to[name] !== undefined && to[name] !== before[name]);
  const pick = (record: Record<string, unknown>) => Object.fromEntries(names.map((name) => [name, record[name]]));
  return { from: pick(before), to: pick(to) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
