import { isIP } from "node:net";
import { AuthError } from "../errors/index.ts";
import type { OpenedSession, PasswordGrant, SessionTokenSet, TokenClient } from "../ports.ts";
import type { CallObserver } from "./call-observer.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type KeycloakEndpoints,
  type KeycloakOptions,
  keycloakEndpoints,
} from "./keycloak-options.ts";
import { mapError, mapStatus } from "./map-error.ts";
import { openedSession } from "./opened-session.ts";
import { type FormAnswer, postForm } from "./post-form.ts";
import { readTokenSet } from "./token-set.ts";

/**
 * ADAPTER: the OpenID Connect endpoints by plain `fetch`. Nothing is retried: two failed logins within a second lock a
 * user, and a refresh token may be good for one use.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class OpenIdTokenClient implements TokenClient {
  readonly #endpoints: KeycloakEndpoints;
  readonly #credentials: { client_id: string; client_secret: string };
  readonly #timeoutMs: number;
  readonly #observe: CallObserver | undefined;

  constructor(options: KeycloakOptions, observe?: CallObserver) {
    this.#endpoints = keycloakEndpoints(options);
    this.#credentials = { client_id: options.clientId, client_secret: options.clientSecret };
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#observe = observe;
  }

  passwordGrant(grant: PasswordGrant, onOpened?: (session: OpenedSession) => void): Promise<SessionTokenSet> {
    return this.#observed("password_grant", async (operation) => {
      // Keycloak answers an empty username with 401, which otherwise means that our client is wrong.
      if (grant.username === "") throw new AuthError("auth.invalid_credentials", { internal: "empty username" });
      const { username, password, otp } = grant;
      const form = { grant_type: "password", scope: "openid", username, password, ...(otp !== undefined && { otp }) };
      const noteOpened = ({ status, json }: FormAnswer) => {
        const opened = status === 200 ? openedSession(json) : undefined;
        if (opened) onOpened?.(opened);
      };
      const answer = await this.#post(this.#endpoints.token, form, grant, noteOpened);
      noteOpened(answer);
      if (answer.status === 200) return readTokenSet(answer.json, operation);
      throw this.#loginRefusal(answer, operation);
    });
  }

  refresh(refreshToken: string, client: { ipAddress?: string; userAgent?: string } = {}): Promise<SessionTokenSet> {
    return this.#observed("refresh", async (operation) => {
      if (!isPlausible(refreshToken)) throw new AuthError("session.refused", { internal: "empty or overlong token" });
      const form = { grant_type: "refresh_token", scope: "openid", refresh_token: refreshToken };
      const answer = await this.#post(this.#endpoints.token, form, client);
      if (answer.status === 200) return readTokenSet(answer.json, operation);
      throw tokenRefusal(answer, operation);
    });
  }

  logout(refreshToken: string): Promise<void> {
    return this.#observed("logout", async (operation) => {
      if (!isPlausible(refreshToken)) return;
      const answer = await this.#post(this.#endpoints.logout, { refresh_token: refreshToken }, {});
      if (answer.status === 204 || answer.status === 200) return;
      const refusal = tokenRefusal(answer, operation);
      if (refusal.code !== "session.refused") throw refusal;
    });
  }

  #post(
    url: string,
    form: Record<string, string>,
    client: ClientTrace,
    onLate?: (answer: FormAnswer) => void,
  ): Promise<FormAnswer> {
    return postForm(url, { ...this.#credentials, ...form }, this.#timeoutMs, traceHeaders(client), onLate);
  }

  #loginRefusal(answer: FormAnswer, operation: string): AuthError {
    if (!isInvalidGrant(answer)) return refusal(answer, operation);
    if (answer.json?.error_description === "Account is not fully set up") {
      return new AuthError("auth.action_required", { actionUrl: this.#endpoints.account });
    }
    // Wrong, unknown, locked and disabled are one answer for the caller.
    return new AuthError("auth.invalid_credentials");
  }

  async #observed<T>(operation: string, work: (operation: string) => Promise<T>): Promise<T> {
    const started = performance.now();
    let outcome: string = "success";
    try {
      return await work(operation);
    } catch (error) {
      const mapped = mapError(error, operation);
      outcome = mapped.code;
      throw mapped;
    } finally {
      this.#observe?.(operation, outcome, (performance.now() - started) / 1000);
    }
  }
}

/** Keycloak answers other lengths with `invalid_request`, which otherwise means that our client is wrong. */
const isPlausible = (token: string): boolean => token.length > 0 && token.length <= 20_000;

interface ClientTrace {
  ipAddress?: string;
  userAgent?: string;
}

/** Keycloak believes the left-most forwarded address unchecked: so exactly one is sent, and only a real one. */
function traceHeaders({ ipAddress, userAgent }: ClientTrace): Record<string, string> {
  const headers: Record<string, string> = {};
  if (ipAddress !== undefined && isIP(ipAddress) !== 0) headers["X-Forwarded-For"] = ipAddress;
  if (userAgent !== undefined && /^[\x20-\x7e]{1,512}$/.test(userAgent)) headers["User-Agent"] = userAgent;
  return headers;
}

const isInvalidGrant = ({ status, json }: FormAnswer) => status === 400 && json?.error === "invalid_grant";

/** What a refused refresh token means: the session is over, unless Keycloak's own hostname changed under it. */
function tokenRefusal(answer: FormAnswer, operation: string): AuthError {
  if (!isInvalidGrant(answer)) return refusal(answer, operation);
  const description = String(answer.json?.error_description ?? "");
  if (description.startsWith("Invalid token issuer")) {
    return new AuthError("keycloak.misconfigured", { internal: `${operation}: Keycloak's issuer has changed` });
  }
  return new AuthError("session.refused", { internal: `${operation}: ${knownReason(description)}` });
}

const KNOWN_REASONS = [
  "Token is not active",
  "Session not active",
  "User disabled",
  "Session doesn't have required client",
  "Offline user session not found",
  "Maximum allowed refresh token reuse exceeded",
  "Stale token",
  "Invalid refresh token",
];

const knownReason = (text: string) => KNOWN_REASONS.find((reason) => text.startsWith(reason)) ?? "invalid_grant";

/** Anything but `invalid_grant`: a JSON error is about our client or realm, all else is no answer of Keycloak's. */
function refusal({ status, json }: FormAnswer, operation: string): AuthError {
  if (status === 429 || status >= 500) return mapStatus(status, operation);
  if (status === 403) return new AuthError("keycloak.misconfigured", { internal: `${operation}: HTTP 403` });
  const key = json?.error;
  if (status < 400 || typeof key !== "string") {
    return new AuthError("keycloak.unavailable", {
      internal: `${operation}: HTTP ${status}, not an answer of Keycloak's`,
    });
  }
  const shown = /^[\w.-]{1,60}$/.test(key) ? ` ${key}` : "";
  return new AuthError("keycloak.misconfigured", { internal: `${operation}: HTTP ${status}${shown}` });
}
