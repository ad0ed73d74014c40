import { mapError } from "@libs/auth-guard/keycloak";
import { remainingMs, requestContext, waitAtMost } from "@libs/observability";
import { AuthError } from "@libs/problems";
import type { CallObserver } from "./call-observer.ts";
import { generalRefusal } from "./general-refusal.ts";
import { postForm } from "./post-form.ts";

export interface AdminTokenProviderOptions {
  /** The realm's token endpoint, on the address that this process dials. */
  tokenUrl: string;
  /** The grant's form fields, or what makes them for each call: client credentials, an administrator's password. */
  grant: Record<string, string> | (() => Record<string, string>);
  timeoutMs: number;
  observe?: CallObserver;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** A token, and between which moments of this process's clock it was issued. Milliseconds since the epoch. */
export interface AdminToken {
  value: string;
  askedAt: number;
  answeredAt: number;
  renewAt: number;
  expiresAt: number;
  /** Tokens that were issued before are refused: the highest of realm, client and service account. Seconds; 0: none are. */
  notBefore: number;
}

/** Past this share of its life a token is renewed, so that none expires on its way. */
const RENEW_AT = 0.8;

/**
 * The access token of the admin REST API: cached, fetched by one caller at a time, renewed early. The admin client's
 * own `auth()` can't renew a client-credentials token (there is no refresh token) and has no single flight.
 */
export class AdminTokenProvider {
  readonly #options: AdminTokenProviderOptions;
  readonly #now: () => number;
  #token: AdminToken | undefined;
  #flight: Promise<AdminToken> | undefined;

  constructor(options: AdminTokenProviderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws AuthError `keycloak.misconfigured` (credentials refused) | `keycloak.unavailable` | `keycloak.timeout` */
  async getAccessToken(): Promise<string> {
    const token = this.#token;
    if (token && this.#now() < token.renewAt) return token.value;
    try {
      return (await this.renew()).value;
    } catch (error) {
      // An early renewal that failed is no reason to fail while the old token still works.
      if (token && token === this.#token && this.#now() < token.expiresAt) return token.value;
      throw error;
    }
  }

  /** Fetches a new token, whether or not the old one is still good. @throws AuthError, see {@link getAccessToken} */
  renew(): Promise<AdminToken> {
    this.#flight ??= this.#start();
    return withinDeadline(this.#flight, this.#options.timeoutMs);
  }

  /** Forgets a token that Keycloak refused; a newer one, fetched meanwhile, stays. */
  invalidate(refused: string): void {
    if (this.#token?.value === refused) this.#token = undefined;
  }

  /** Forgets the token: it may lack rights that a new one has. */
  forget(): void {
    this.#token = undefined;
  }

  #start(): Promise<AdminToken> {
    // Outside the request that happens to come first: its nearly spent deadline must not fail the others.
    const flight = requestContext.withoutDeadline(() => this.#fetch());
    flight.finally(() => (this.#flight = undefined)).catch(() => undefined);
    return flight;
  }

  async #fetch(): Promise<AdminToken> {
    const { tokenUrl, grant, timeoutMs, observe } = this.#options;
    const started = performance.now();
    let outcome: string = "success";
    try {
      const askedAt = this.#now();
      const form = typeof grant === "function" ? grant() : grant;
      const answer = await postForm(tokenUrl, form, timeoutMs, { connection: "own" });
      // Any 4xx means that our own credentials or client settings are wrong.
      if (answer.status !== 200) throw generalRefusal(answer, "admin_token");
      const { access_token: value, expires_in: seconds } = answer.json ?? {};
      if (typeof value !== "string" || typeof seconds !== "number") {
        const internal = "admin_token: the answer is not a token";
        throw new AuthError("keycloak.unavailable", { internal, answered: true });
      }
      const lifeMs = seconds * 1000;
      const times = {
        askedAt,
        answeredAt: this.#now(),
        renewAt: askedAt + lifeMs * RENEW_AT,
        expiresAt: askedAt + lifeMs,
      };
      const policy = answer.json?.["not-before-policy"];
      this.#token = { value, ...times, notBefore: typeof policy === "number" ? policy : 0 };
      return this.#token;
    } catch (error) {
      const mapped = mapError(error, "admin_token");
      outcome = mapped.code;
      throw mapped;
    } finally {
      observe?.("admin_token", outcome, (performance.now() - started) / 1000);
    }
  }
}

function withinDeadline<T>(work: Promise<T>, limitMs: number): Promise<T> {
  if (requestContext.get()?.deadlineAt === undefined) return work;
  return waitAtMost(work, remainingMs(limitMs), () => {
    throw new AuthError("keycloak.timeout", { internal: "admin_token: no answer in time" });
  });
}
