import { remainingMs } from "@libs/observability";

export interface FormAnswer {
  status: number;
  /** The parsed JSON object; undefined when the body is something else (a proxy's HTML page, nothing at all). */
  json: Record<string, unknown> | undefined;
}

/** How long an answer is still waited for that came too late for its caller. Milliseconds. */
const LATE_MS = 10_000;

/**
 * One POST of a form to an OpenID Connect endpoint.
 * @param limitMs the call's own limit; the request's deadline may shorten it
 * @param onLate for calls that open something: gets an answer that comes after the limit, within ten seconds
 * @throws what `fetch` throws: a `TimeoutError`, or an error with a `code` when there is no connection
 */
export async function postForm(
  url: string,
  form: Record<string, string>,
  limitMs: number,
  headers?: Record<string, string>,
  onLate?: (answer: FormAnswer) => void,
): Promise<FormAnswer> {
  const leftMs = remainingMs(limitMs);
  const send = async (timeoutMs: number): Promise<FormAnswer> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const body = new URLSearchParams(form);
    const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
    return { status: response.status, json: parseObject(await response.text()) };
  };
  return onLate ? await inTime(send(leftMs + LATE_MS), leftMs, onLate) : await send(leftMs);
}

/** Cutting a call does not stop what it has set off at the other end: so only its caller is let go. */
async function inTime(
  answer: Promise<FormAnswer>,
  leftMs: number,
  onLate: (answer: FormAnswer) => void,
): Promise<FormAnswer> {
  let timer: Timer | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DOMException("The operation timed out.", "TimeoutError"));
      answer.then(onLate, () => {});
    }, leftMs);
  });
  try {
    return await Promise.race([answer, expired]);
  } finally {
    clearTimeout(timer);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
