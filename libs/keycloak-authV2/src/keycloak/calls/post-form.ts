import { type ConnectionChoice, keycloakConnections, OWN_CONNECTION } from "@libs/auth-guard/keycloak";
import { remainingMs, waitAtMost } from "@libs/observability";

export interface FormAnswer {
  status: number;
  /** The parsed JSON object; undefined when the body is something else (a page, nothing at all). */
  json: Record<string, unknown> | undefined;
  /** Whether the body is one of Keycloak's own pages. A flow that denies answers with one, whatever was asked for. */
  page: boolean;
  /** Whether it asks for another way of authentication (`WWW-Authenticate`). */
  challenge: boolean;
}

export interface PostOptions {
  headers?: Record<string, string>;
  /** For calls that open something: gets an answer that comes after the limit, within half a minute. */
  onLate?: (answer: FormAnswer) => void;
  /** Is given the wait for a late answer: for a process that stops meanwhile. */
  keep?: KeepLate;
  /** `own` for what is rare or costs much; else one that was just heard, or a fresh one. */
  connection?: "own";
}

/** Keeps work that outlives its caller. */
export type KeepLate = (work: () => Promise<unknown>) => void;

/**
 * How long an answer is still waited for that came too late for its caller. Milliseconds. A node of Keycloak that has
 * just joined its cluster was seen to take 20 s for a login, on a busy machine.
 */
const LATE_MS = 30_000;

/**
 * One POST of a form to an OpenID Connect endpoint. It is never repeated.
 * @param limitMs the call's own limit; the request's deadline may shorten it
 * @throws what `fetch` throws: a `TimeoutError`, or an error with a `code` when there is no connection
 */
export async function postForm(
  url: string,
  form: Record<string, string>,
  limitMs: number,
  { headers, onLate, keep, connection }: PostOptions = {},
): Promise<FormAnswer> {
  const leftMs = remainingMs(limitMs);
  const send = async (timeoutMs: number, choice: ConnectionChoice): Promise<FormAnswer> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const body = new URLSearchParams(form);
    // Any type is taken: to who asks for JSON, a flow that denies says nothing but a sentence in the realm's language.
    const response = await fetch(url, { ...choice, method: "POST", body, headers, redirect: "manual", signal });
    return await readAnswer(response);
  };
  if (onLate) return await inTime(send(leftMs + LATE_MS, OWN_CONNECTION), leftMs, onLate, keep);
  if (connection === "own") return await send(leftMs, OWN_CONNECTION);
  return await keycloakConnections.once((choice) => send(leftMs, choice));
}

/** Cutting a call does not stop what it has set off at the other end: so only its caller is let go. */
function inTime(
  answer: Promise<FormAnswer>,
  leftMs: number,
  onLate: (answer: FormAnswer) => void,
  keep: KeepLate = (work) => void work(),
): Promise<FormAnswer> {
  return waitAtMost(answer, leftMs, () => {
    keep(() => answer.then(onLate, () => {}));
    throw new DOMException("The operation timed out.", "TimeoutError");
  });
}

async function readAnswer(response: Response): Promise<FormAnswer> {
  const { status, headers } = response;
  const body = await response.text();
  return { status, json: parseObject(body), page: isPage(body), challenge: headers.has("www-authenticate") };
}

/** Every login theme has its resources there, or leads there; a proxy's page does neither. */
const isPage = (body: string): boolean =>
  /\/resources\/[\w.-]+\/login\/|\/login-actions\/|data-page-id="login-/.test(body);

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
