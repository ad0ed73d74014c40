import { remainingMs } from "@libs/observability/request-context";
import { OWN_CONNECTION } from "./keycloak-connections.ts";

/**
 * What {@link getJson} received.
 * @see {@link getJson}
 */
export interface JsonAnswer {
  /** HTTP status. */
  status: number;
  /** The parsed object or list; undefined when the body is something else (a proxy's page, nothing at all). */
  json: object | undefined;
}

/**
 * One GET on a connection of its own, without following a redirect.
 * @param url asked for with GET
 * @param limitMs the call's own limit, in milliseconds; the request's deadline may shorten it
 * @param headers of the request
 * @throws what `fetch` throws: a `TimeoutError`, or an error with a `code` when there is no connection
 * @example
 * ```ts
 * import { getJson, type JsonAnswer } from "@libs/auth-guard/keycloak";
 *
 * const { status, json }: JsonAnswer = await getJson("https://id.example.com/realms/app", 3000);
 * if (status === 200 && json !== undefined) console.log(Reflect.get(json, "token-service"));
 * ```
 */
export async function getJson(url: string, limitMs: number, headers?: Record<string, string>): Promise<JsonAnswer> {
  const signal = AbortSignal.timeout(remainingMs(limitMs));
  const response = await fetch(url, { ...OWN_CONNECTION, headers, redirect: "manual", signal });
  const json: unknown = await response.json().catch(() => undefined);
  return { status: response.status, json: typeof json === "object" && json !== null ? json : undefined };
}
