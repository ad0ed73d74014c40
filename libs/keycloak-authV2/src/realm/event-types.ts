/**
 * The user events that are stored: what tells that a user or session changed, and what an operator asks about later.
 * `USER_SESSION_DELETED` (expiry) is not stored by default. `CLIENT_LOGIN` is left out: the gateway's own token
 * renewals would drown the rest.
 * @see https://www.keycloak.org/docs/latest/server_admin/#event-types
 */
export const storedEventTypes = [
  "DELETE_ACCOUNT",
  "IDENTITY_PROVIDER_FIRST_LOGIN",
  "LOGIN",
  "LOGIN_ERROR",
  "LOGOUT",
  "LOGOUT_ERROR",
  "REGISTER",
  "REMOVE_CREDENTIAL",
  "RESET_PASSWORD",
  "UPDATE_CREDENTIAL",
  "UPDATE_EMAIL",
  "UPDATE_PROFILE",
  "USER_DISABLED_BY_PERMANENT_LOCKOUT",
  "USER_DISABLED_BY_TEMPORARY_LOCKOUT",
  "USER_SESSION_DELETED",
  "VERIFY_EMAIL",
] as const;

/** Types that are taken out again if someone put them in. */
export const unwantedEventTypes: readonly string[] = ["CLIENT_LOGIN"];
