import { isIP } from "node:net";
import {
  accountUrl,
  clientCredentials,
  DEFAULT_TIMEOUT_MS,
  type IssuerSource,
  type KeycloakEndpoints,
  type KeycloakOptions,
  keycloakEndpoints,
  mapError,
  RealmIssuer,
} from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";
import type { OpenedSession, PasswordGrant, SessionTokenSet, TokenClient } from "../ports/ports.ts";
import type { CallObserver } from "./calls/call-observer.ts";
import { type FormAnswer, type KeepLate, postForm } from "./calls/post-form.ts";
import { loginRefusal } from "./login-refusal.ts";
import { openedSession } from "./opened-session.ts";
import { sessionRefusal } from "./session-refusal.ts";
import { readTokenSet } from "./token-set.ts";

export interface TokenClientParts {
  observe?: CallObserver | undefined;
  /** Whose account pages people are sent to. */
  issuer?: Pick<IssuerSource, "current">;
  /** Is given the wait for an answer that comes too late for its caller. */
  keep?: KeepLate | undefined;
}

/**
 * ADAPTER: the OpenID Connect endpoints by plain `fetch`. Nothing is retried: two failed logins within a second lock a
 * user, and a refresh token may be good for one use.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class OpenIdTokenClient implements TokenClient {
  readonly #endpoints: KeycloakEndpoints;
  readonly #options: KeycloakOptions;
  readonly #timeoutMs: number;
  readonly #observe: CallObserver | undefined;
  readonly #keep: KeepLate | undefined;

  constructor(options: KeycloakOptions, { observe, issuer = new RealmIssuer(options), keep }: TokenClientParts = {}) {
    this.#endpoints = {
      ...keycloakEndpoints(options),
      get account() {
        return accountUrl(issuer.current);
      },
    };
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#observe = observe;
    this.#keep = keep;
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
      if (answer.status === 200 && !answer.page) return readTokenSet(answer.json, operation);
      throw loginRefusal(answer, operation, this.#endpoints.account);
    });
  }

  refresh(refreshToken: string, client: { ipAddress?: string; userAgent?: string } = {}): Promise<SessionTokenSet> {
    return this.#observed("refresh", async (operation) => {
      if (!isPlausible(refreshToken)) throw new AuthError("session.refused", { internal: "empty or overlong token" });
      const form = { grant_type: "refresh_token", scope: "openid", refresh_token: refreshToken };
      const answer = await this.#post(this.#endpoints.token, form, client);
      if (answer.status === 200 && !answer.page) return readTokenSet(answer.json, operation);
      throw sessionRefusal(answer, operation);
    });
  }

  logout(refreshToken: string): Promise<boolean> {
    return this.#observed("logout", async (operation) => {
      if (!isPlausible(refreshToken)) return false;
      const answer = await this.#post(this.#endpoints.logout, { refresh_token: refreshToken }, {});
      // A page of 200 is a proxy's.
      if (answer.status === 204) return true;
      const refusal = sessionRefusal(answer, operation);
      if (refusal.code !== "session.refused") throw refusal;
      return false;
    });
  }

  #post(
    url: string,
    form: Record<string, string>,
    client: ClientTrace,
    onLate?: (answer: FormAnswer) => void,
  ): Promise<FormAnswer> {
    const headers = traceHeaders(client);
    return postForm(url, { ...clientCredentials(this.#options), ...form }, this.#timeoutMs, {
      headers,
      ...(onLate && { onLate, ...(this.#keep && { keep: this.#keep }) }),
    });
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
