import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { isValidHost } from "../request/valid-host.ts";
import { guardProblem } from "./problem.ts";

/** Elysia takes the first `/` from here on for the start of the path: behind `http://` and a host of four letters. */
const SEARCHED_FROM = 11;
/** Stands for the host of a request that names none (RFC 2606 §2). */
const NAMELESS = "http://nameless.invalid";

/**
 * Sees to it that the path which is routed is the one that was requested, whatever `Host` says. Elysia searches a request's
 * URL for its path from a fixed index, so that a short host (`gw`) makes it take a later part of the address, or of its
 * query, for the path: a filter of paths in front would be passed by. Bun leaves the host out of the URL where it can't use
 * it, with the same effect.
 *
 * A host that is too short gets its port written out. A `Host` that is none is 400 `request.target_invalid` (RFC 9112
 * §3.2); an empty one, and none at all in HTTP/1.0, are taken.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 * @example
 * ```ts
 * import { requestTarget } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * export const app = new Elysia().use(requestTarget()).get("/health", () => "ok");
 * ```
 */
export const requestTarget = () => {
  const refused = new WeakSet<Request>();
  const settle = (handle: (request: Request) => unknown) => (request: Request) => {
    if (!settleUrl(request)) refused.add(request);
    return handle(request);
  };
  return (
    new Elysia({ name: "request-target" })
      // Elysia types the wrapped function by its result alone.
      .wrap(settle as unknown as Parameters<Elysia["wrap"]>[0])
      .onRequest(({ request }) => {
        if (!refused.has(request)) return;
        const error = new AuthError("request.target_invalid");
        return guardProblem(error, new WeakSet([error]));
      })
  );
};

/**
 * Makes `request.url` one in which Elysia finds the path. The request stays the same object: its address, its parameters
 * and its body are kept by it.
 * @returns whether the request names its target in a valid way
 */
export function settleUrl(request: Request): boolean {
  const { url } = request;
  const isValid = isValidHost(request.headers.get("host"));
  // Bun leaves the host out where there is none, or one that it can't use.
  if (url.startsWith("/")) return replaceUrl(request, NAMELESS + url) && isValid;
  const scheme = url.indexOf("://");
  // `CONNECT name:port` has no path at all (RFC 9110 §9.3.6).
  if (scheme < 0) return replaceUrl(request, `${NAMELESS}/`) && false;
  const path = url.indexOf("/", scheme + 3);
  if (path < SEARCHED_FROM) replaceUrl(request, withPort(url, scheme + 3, path));
  return isValid;
}

/** The same URL with its port written out, with as many zeros as it takes (RFC 3986 §3.2.3: `*DIGIT`). */
function withPort(url: string, authority: number, path: number): string {
  const [, host = "", port] = /^(.*?)(?::(\d*))?$/.exec(url.slice(authority, path)) ?? [];
  const number = port || (url.startsWith("https:") ? "443" : "80");
  const room = SEARCHED_FROM - authority - host.length - 1;
  return `${url.slice(0, authority)}${host}:${number.padStart(room, "0")}${url.slice(path)}`;
}

function replaceUrl(request: Request, url: string): true {
  Object.defineProperty(request, "url", { value: url, configurable: true });
  return true;
}
