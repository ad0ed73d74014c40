import { type Finding, finding } from "@libs/problems/findings";

/** Tokens are accepted so long before and after their time. */
const TOLERATED_MS = 10_000;
const NOTICED_MS = 2_000;

/**
 * Findings about a server's clock: an error when it is more than 10 s off, a warning from 2 s on.
 * @param whose the server
 * @param clock measured against this machine's, positive when it is ahead. Milliseconds
 * @example
 * ```ts
 * import { clockFindings } from "@libs/auth-guard/startup-check";
 *
 * export const findings = clockFindings("keycloak", { skewMs: 12_500, uncertaintyMs: 80 });
 * ```
 */
export function clockFindings(
  whose: "keycloak" | "database",
  { skewMs, uncertaintyMs }: { skewMs: number; uncertaintyMs: number },
): Finding[] {
  const least = Math.abs(skewMs) - uncertaintyMs;
  const detail = `${(Math.abs(skewMs) / 1000).toFixed(1)} s ${skewMs > 0 ? "ahead" : "behind"}`;
  if (least > TOLERATED_MS) return [finding(`clock.${whose}`, detail)];
  return least > NOTICED_MS ? [finding(`clock.${whose}_drifts`, detail)] : [];
}
