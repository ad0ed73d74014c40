/**
 * Every error that a caller can meet: a closed list. `title` is public and fixed; `docs/errors.md` is generated from
 * this table. The internal text of an error lives elsewhere (`AuthError.internal`) and goes to the log alone.
 */
export const catalogue = {
  "input.malformed": {
    status: 400,
    title: "The body is not valid JSON.",
    hint: "Send one JSON object, UTF-8 encoded.",
  },
  "input.invalid": { status: 400, title: "The input breaks a rule.", hint: "`errors` names each field and its rule." },
  "input.too_large": { status: 413, title: "The body is larger than 16 KiB.", hint: "Send less." },
  "input.unsupported_media_type": {
    status: 415,
    title: "The body must be application/json.",
    hint: "Set `Content-Type: application/json`; back-channel logout alone takes a form.",
  },
  "input.unsupported_encoding": {
    status: 415,
    title: "The body must not be encoded.",
    hint: "Send it without `Content-Encoding`: `Accept-Encoding` of this answer names what is taken.",
  },
  "request.target_invalid": {
    status: 400,
    title: "The request's address can't be read.",
    hint: "Send one `Host` header, a name or an address with its port, and a path that starts with `/`.",
  },
  "request.not_found": { status: 404, title: "There is no such address.", hint: "`/openapi` lists all of them." },
  "request.method_not_allowed": { status: 405, title: "This address does not take that method.", hint: "See `Allow`." },
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
    hint: "Another registration of it came first.",
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
    title: "An earlier registration of this name is being finished.",
    hint: "Retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "registration.undone": {
    status: 503,
    title: "The registration could not be stored and was undone.",
    hint: "Nothing is left of it: retry after the time in `Retry-After`.",
    retryAfterSeconds: 5,
  },
  "user.change_ignored": {
    status: 409,
    title: "Keycloak did not make a change of this user.",
    hint: "`errors` names each field: a change of email waits for the person, or the realm does not declare the attribute.",
  },
  "idempotency.in_flight": {
    status: 409,
    title: "A request with this Idempotency-Key is being worked on.",
    hint: "Retry after the time in `Retry-After`, with the same key.",
    retryAfterSeconds: 2,
  },
  "idempotency.key_reused": {
    status: 422,
    title: "This Idempotency-Key was used with another request.",
    hint: "Take a new key for every new request.",
  },
  "auth.invalid_credentials": {
    status: 401,
    title: "Wrong username or password.",
    hint: "The same answer for wrong, unknown, locked and disabled.",
  },
  "auth.action_required": {
    status: 403,
    title: "The account needs an action before it can be used.",
    hint: "Send the person to `actionUrl`, Keycloak's account page.",
  },
  "auth.denied": {
    status: 403,
    title: "This account may not log in here.",
    hint: "The realm's login flow decides that: repeating it does not help, the realm's administrator can.",
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
    hint: "The session stays: retry after the time in `Retry-After`, with the same token.",
    retryAfterSeconds: 1,
  },
  "session.not_found": { status: 404, title: "There is no such session.", hint: "`GET /auth/sessions` lists yours." },
  "access.role_unknown": { status: 404, title: "There is no such role.", hint: "`authctl roles list` shows all." },
  "access.permission_unknown": {
    status: 400,
    title: "There is no such permission.",
    hint: "`authctl roles permissions` shows all: a service makes its own known when it starts.",
  },
  "access.user_unknown": {
    status: 404,
    title: "There is no such user.",
    hint: "Give the role to the email: its owner gets it at the first login.",
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
    title: "This address needs an access token.",
    hint: "Send `Authorization: Bearer <access token>`.",
  },
  "session.ended": { status: 401, title: "This session has ended.", hint: "Log in again." },
  "session.too_old": {
    status: 401,
    title: "This session started too long ago for what was asked.",
    hint: "Log in again; `WWW-Authenticate` says how old a session may be (RFC 9470).",
  },
  "role.missing": {
    status: 403,
    title: "A role is missing.",
    hint: "`detail` names the roles, one of which is needed.",
  },
  "permission.missing": {
    status: 403,
    title: "A permission is missing.",
    hint: "`detail` names the permission.",
  },
  "logout_token.invalid": {
    status: 400,
    title: "The logout token is not valid.",
    hint: "It must be one of the realm's own, for this client, not expired (OpenID Connect Back-Channel Logout 1.0 §2.6).",
  },
  "logout_token.replayed": {
    status: 400,
    title: "This logout token came before.",
    hint: "Each is taken once: nothing was changed by this one.",
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
    hint: "For operators: the gateway's service account lacks a right; the log names the call, `docs/operations.md` the roles.",
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
    hint: "Retry: another one takes over.",
    retryAfterSeconds: 1,
  },
  "internal.error": { status: 500, title: "Something went wrong on our side.", hint: "Quote `requestId` to support." },
} as const satisfies Record<string, CatalogueEntry>;

export interface CatalogueEntry {
  /** HTTP status. */
  status: number;
  /** Public, fixed, without any value of the request. */
  title: string;
  /** What the caller can do. */
  hint: string;
  retryAfterSeconds?: number;
}

export type AuthErrorCode = keyof typeof catalogue;
