/**
 * Every error that a caller can meet: a closed list. `title` is public and fixed; `docs/errors.md` is generated from
 * this table. The internal text of an error lives elsewhere (`AuthError.internal`) and goes to the log alone.
 * @example
 * ```ts
 * import { type CatalogueEntry, catalogue } from "@libs/problems";
 *
 * const entry: CatalogueEntry = catalogue["rate.limited"];
 * console.log(entry.status, entry.title, entry.retryAfterSeconds); // 429 …
 * ```
 */
export const catalogue = {
  "input.malformed": {
    status: 400,
    title: "The body is not valid JSON.",
    hint: "Send one JSON object, UTF-8 encoded.",
  },
  "input.invalid": {
    status: 400,
    title: "The input breaks a rule.",
    hint: "`errors` lists each field and the rule that it breaks.",
  },
  "input.too_large": { status: 413, title: "The body is larger than 16 KiB.", hint: "Send a smaller body." },
  "input.unsupported_media_type": {
    status: 415,
    title: "The body must be application/json.",
    hint: "Set `Content-Type: application/json`; only back-channel logout takes a form.",
  },
  "input.unsupported_encoding": {
    status: 415,
    title: "The body must not be encoded.",
    hint: "Send it without `Content-Encoding`; the `Accept-Encoding` header of this response lists what is accepted.",
  },
  "request.target_invalid": {
    status: 400,
    title: "The request's URL can't be read.",
    hint: "Send one `Host` header, a name or an address with its port, and a path that starts with `/`.",
  },
  "request.not_found": { status: 404, title: "Not found.", hint: "`/openapi` lists every path." },
  "request.method_not_allowed": {
    status: 405,
    title: "This path does not support that method.",
    hint: "The `Allow` header lists the methods that it supports.",
  },
  "request.timeout": {
    status: 504,
    title: "The answer took too long.",
    hint: "Retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "registration.username_taken": { status: 409, title: "This username is taken.", hint: "Choose another username." },
  "registration.email_taken": { status: 409, title: "This email is taken.", hint: "Log in, or use another email." },
  "registration.conflict": {
    status: 409,
    title: "This username or email is taken.",
    hint: "Another registration with it came first.",
  },
  "registration.password_rejected": {
    status: 400,
    title: "The password breaks a rule.",
    hint: "`errors` says which rule.",
  },
  "registration.profile_rejected": {
    status: 400,
    title: "The profile breaks a rule.",
    hint: "`errors` names the field and its rule.",
  },
  "registration.store_unknown": {
    status: 400,
    title: "There is no such store.",
    hint: "Leave `storeId` out or correct it.",
  },
  "registration.organization_unknown": {
    status: 400,
    title: "There is no such organization.",
    hint: "Leave `organizationId` out or correct it.",
  },
  "registration.recovering": {
    status: 503,
    title: "An earlier registration with this name is still being completed.",
    hint: "Retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "registration.undone": {
    status: 503,
    title: "The registration could not be stored and was undone.",
    hint: "Nothing remains of it: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "user.change_ignored": {
    status: 409,
    title: "Keycloak did not apply a change to this user.",
    hint: "`errors` lists each field: a change of email waits for the user, or the realm does not declare the attribute.",
  },
  "idempotency.in_flight": {
    status: 409,
    title: "A request with this Idempotency-Key is still in progress.",
    hint: "Retry after the time in `Retry-After`, with the same key.",
    retryAfterSeconds: 2,
  },
  "idempotency.key_reused": {
    status: 422,
    title: "This Idempotency-Key was used with another request.",
    hint: "Use a new key for every new request.",
  },
  "auth.invalid_credentials": {
    status: 401,
    title: "Wrong username or password.",
    hint: "The response is the same for a wrong password, an unknown user, a locked account and a disabled account.",
  },
  "auth.action_required": {
    status: 403,
    title: "The account needs an action before it can be used.",
    hint: "Send the user to `actionUrl`, Keycloak's account page.",
  },
  "auth.denied": {
    status: 403,
    title: "This account may not log in here.",
    hint: "The realm's login flow decides this: a retry does not help; ask the realm's administrator.",
  },
  "auth.session_limit": {
    status: 403,
    title: "This account may not open another session.",
    hint: "The realm limits sessions: end one elsewhere, then log in again.",
  },
  "session.invalid": {
    status: 401,
    title: "The session or refresh token is not valid.",
    hint: "Log in again.",
  },
  "session.refused": { status: 401, title: "Keycloak has ended this session.", hint: "Log in again." },
  "session.reuse_detected": {
    status: 401,
    title: "This refresh token was used before; the session was ended.",
    hint: "Log in again; keep one copy of the newest refresh token.",
  },
  "session.busy": {
    status: 503,
    title: "This session is being refreshed.",
    hint: "The session is kept: retry after the time in `Retry-After`, with the same token.",
    retryAfterSeconds: 1,
  },
  "session.not_found": { status: 404, title: "There is no such session.", hint: "`GET /auth/sessions` lists yours." },
  "access.role_unknown": {
    status: 404,
    title: "There is no such role.",
    hint: "`authctl roles list` shows all roles.",
  },
  "access.permission_unknown": {
    status: 400,
    title: "There is no such permission.",
    hint: "`authctl roles permissions` shows all permissions; a service registers its own when it starts.",
  },
  "access.user_unknown": {
    status: 404,
    title: "There is no such user.",
    hint: "Grant the role to the email: its owner gets it at the first login.",
  },
  "access.store_unknown": { status: 400, title: "There is no such store.", hint: "Correct the store's id." },
  "access.organization_unknown": {
    status: 400,
    title: "There is no such organization.",
    hint: "Correct the organization's id.",
  },
  "token.invalid": { status: 401, title: "The access token is not valid.", hint: "Refresh, or log in again." },
  "token.missing": {
    status: 401,
    title: "This path needs an access token.",
    hint: "Send `Authorization: Bearer <access token>`.",
  },
  "session.ended": { status: 401, title: "This session has ended.", hint: "Log in again." },
  "session.too_old": {
    status: 401,
    title: "This session is too old for this request.",
    hint: "Log in again; `WWW-Authenticate` says how old a session may be (RFC 9470).",
  },
  "role.missing": {
    status: 403,
    title: "A role is missing.",
    hint: "`detail` lists the roles; one of them is needed.",
  },
  "permission.missing": {
    status: 403,
    title: "A permission is missing.",
    hint: "`detail` names the permission.",
  },
  "logout_token.invalid": {
    status: 400,
    title: "The logout token is not valid.",
    hint: "It must be issued by the realm for this client, and not be expired (OpenID Connect Back-Channel Logout 1.0 §2.6).",
  },
  "logout_token.replayed": {
    status: 400,
    title: "This logout token was used before.",
    hint: "Each logout token is accepted once; this one changed nothing.",
  },
  "keycloak.unavailable": {
    status: 503,
    title: "Sign-in is not available right now.",
    hint: "Keycloak can't be reached: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "keycloak.timeout": {
    status: 504,
    title: "Sign-in took too long.",
    hint: "Keycloak did not answer in time: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "keycloak.misconfigured": {
    status: 502,
    title: "Sign-in is not set up correctly.",
    hint: "For operators: Keycloak refused the gateway's own client; the log names the reason.",
  },
  "keycloak.forbidden": {
    status: 502,
    title: "Sign-in is not set up correctly.",
    hint: "For operators: the gateway's service account lacks a role; the log names the call, and `docs/operations.md` lists the roles.",
  },
  "database.unavailable": {
    status: 503,
    title: "The service is not available right now.",
    hint: "The database can't be reached: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "database.timeout": {
    status: 504,
    title: "The service took too long.",
    hint: "The database did not answer in time: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "token.undecryptable": {
    status: 503,
    title: "The session can't be read right now.",
    hint: "For operators: a key is missing from `TOKEN_ENCRYPTION_KEYS`; the session is kept.",
    retryAfterSeconds: 60,
  },
  "service.overloaded": {
    status: 503,
    title: "Too many people are signing in right now.",
    hint: "Nothing was done: retry after the time in `Retry-After`.",
    retryAfterSeconds: 2,
  },
  "rate.limited": {
    status: 429,
    title: "Too many attempts.",
    hint: "Retry after the time in `Retry-After`; `RateLimit-Policy` names the limit.",
    retryAfterSeconds: 1,
  },
  "service.shutting_down": {
    status: 503,
    title: "This server is stopping.",
    hint: "Retry: another server takes over.",
    retryAfterSeconds: 1,
  },
  "internal.error": { status: 500, title: "Something went wrong on our side.", hint: "Quote `requestId` to support." },
} as const satisfies Record<string, CatalogueEntry>;

/**
 * What one code means: its HTTP status and its public texts.
 * @see {@link catalogue}
 */
export interface CatalogueEntry {
  /** HTTP status. */
  status: number;
  /** Public, fixed, without any value of the request. */
  title: string;
  /** What the caller can do. */
  hint: string;
  retryAfterSeconds?: number;
}

/**
 * A code of the {@link catalogue}, such as `session.ended`.
 * @see {@link isAuthError}
 */
export type AuthErrorCode = keyof typeof catalogue;
