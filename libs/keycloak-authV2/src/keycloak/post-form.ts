import { remainingMs } from "@libs/observability";

export interface FormAnswer {
  status: number;
  /** The parsed JSON object; undefined when the body is something else (a proxy's HTML page, nothing at all). */
  json: Record<string, unknown> | undefined;
}

/**
 * One POST of a form to an OpenID Connect endpoint.
 * @param limitMs the call's own limit; the request's deadline may shorten it
 * @throws what `fetch` throws: a `TimeoutError`, or an error with a `code` when there is no connection
 */
export async function postForm(
  url: string,
  form: Record<string, string>,
  limitMs: number,
  headers?: Record<string, string>,
): Promise<FormAnswer> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(form),
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(remainingMs(limitMs)),
  });
  return { status: response.status, json: parseObject(await response.text()) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
