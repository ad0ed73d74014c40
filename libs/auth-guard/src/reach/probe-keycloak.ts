import { errorCode } from "../keycloak/error-code.ts";
import { OWN_CONNECTION } from "../keycloak/keycloak-connections.ts";

/** What an address answers when it is asked for a realm's public page. */
export type KeycloakProbe =
  | { kind: "realm" }
  /** Keycloak, without this realm. */
  | { kind: "no_realm" }
  | { kind: "redirect"; to: string }
  | { kind: "other"; status: number; body: string }
  /** No HTTP answer. @see https://bun.sh/docs/api/fetch for the codes */
  | { kind: "failed"; code: string };

/**
 * Asks for a realm's public page: no credentials, and nothing is changed by it.
 * @param base Keycloak's base URL, without a slash at the end
 * @param timeoutMs milliseconds
 */
export async function probeKeycloak(base: string, realm: string, timeoutMs: number): Promise<KeycloakProbe> {
  try {
    const answer = await fetch(`${base}/realms/${encodeURIComponent(realm)}`, {
      ...OWN_CONNECTION,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = (await answer.text()).slice(0, 20_000);
    const to = answer.headers.get("location");
    if (answer.status >= 300 && answer.status < 400 && to) return { kind: "redirect", to };
    return read(answer.status, body, realm);
  } catch (error) {
    return { kind: "failed", code: codeOf(error) };
  }
}

function read(status: number, body: string, realm: string): KeycloakProbe {
  const page = parseObject(body);
  if (status === 200 && page?.["realm"] === realm && typeof page["token-service"] === "string")
    return { kind: "realm" };
  if (status === 404 && page?.["error"] === "Realm does not exist") return { kind: "no_realm" };
  return { kind: "other", status, body };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "TIMEOUT";
  return errorCode(error) ?? error.name;
}
