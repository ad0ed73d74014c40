import { AuthError, type CatalogueEntry } from "@libs/problems";

type RefusalCode =
  | "token.missing"
  | "token.invalid"
  | "session.ended"
  | "session.too_old"
  | "role.missing"
  | "permission.missing";

/**
 * A guard's no: the error, what the caller may learn of it, and its challenge.
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3 and, for `session.too_old`, RFC 9470 §3
 * @example
 * ```ts
 * import { GuardRefusal, openGuard } from "@libs/auth-guard";
 *
 * const guard = openGuard();
 * try {
 *   const { user } = await guard.authenticate("Bearer eyJ…");
 *   console.log(user.id);
 * } catch (error) {
 *   if (!(error instanceof GuardRefusal)) throw error;
 *   console.warn(error.status, error.code, error.headers["www-authenticate"]);
 * }
 * ```
 */
export class GuardRefusal extends AuthError {
  readonly headers: Record<string, string>;
  readonly #hint: string | undefined;

  private constructor(code: RefusalCode, challenge: string, details: { hint?: string; internal?: string } = {}) {
    super(code, { internal: details.internal });
    this.headers = { "www-authenticate": challenge };
    this.#hint = details.hint;
  }

  override get entry(): CatalogueEntry {
    const entry: CatalogueEntry = super.entry;
    return this.#hint === undefined ? entry : { ...entry, hint: this.#hint };
  }

  /** No token at all: a challenge without an error (RFC 6750 §3.1). */
  static noToken(): GuardRefusal {
    return new GuardRefusal("token.missing", "Bearer");
  }

  static badToken(internal?: string): GuardRefusal {
    const challenge = 'Bearer error="invalid_token", error_description="The access token is not valid"';
    return new GuardRefusal("token.invalid", challenge, { internal });
  }

  static endedSession(): GuardRefusal {
    const challenge = 'Bearer error="invalid_token", error_description="The session has ended"';
    return new GuardRefusal("session.ended", challenge);
  }

  /**
   * The session began too long ago for the route (RFC 9470 §3).
   * @param maxAuthAgeSeconds the route's limit, in seconds
   */
  static oldSession(maxAuthAgeSeconds: number): GuardRefusal {
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="A more recent login is needed", ' +
      `max_age="${maxAuthAgeSeconds}"`;
    return new GuardRefusal("session.too_old", challenge);
  }

  static noRole(roles: readonly string[]): GuardRefusal {
    const hint = `Needs ${roles.length === 1 ? "the role" : "one of the roles"} ${roles.join(", ")}.`;
    return new GuardRefusal("role.missing", 'Bearer error="insufficient_scope"', { hint });
  }

  static noPermission(permission: string): GuardRefusal {
    const hint = `Needs the permission ${permission}, in the scope of this request.`;
    return new GuardRefusal("permission.missing", 'Bearer error="insufficient_scope"', { hint });
  }
}
