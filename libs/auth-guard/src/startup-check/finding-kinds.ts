import type { Finding, FindingCode } from "@libs/problems/findings";

/**
 * Wrong, and yet no reason to hold a process back: it is every replica's, and flows do not fail by it, or only a login can
 * show that it is over.
 */
const HARMLESS: ReadonlySet<FindingCode> = new Set(["clock.database", "client.login_sub_missing"]);

/** Whether a process with this finding must not become ready. */
export const blocks = ({ code, severity }: Finding): boolean => severity === "error" && !HARMLESS.has(code);

const OUTAGES: Record<string, RegExp> = {
  "keycloak.unreachable": /^(keycloak|client|service_account)\.|^clock\.keycloak/,
  "database.unreachable": /^(database|keys)\.|^clock\.database/,
};

export const isOutageOf = (code: FindingCode): boolean => Object.hasOwn(OUTAGES, code);

/** Whether an outage among `found` kept the check from seeing whether this finding still holds. */
export function isUnseen(code: FindingCode, found: readonly Finding[]): boolean {
  return !isOutageOf(code) && found.some((other) => OUTAGES[other.code]?.test(code) === true);
}
