/**
 * The user events that are stored: what shows that a user or session changed, and what an operator asks about later.
 * `USER_SESSION_DELETED` (expiry) and `REFRESH_TOKEN_ERROR` are not stored by default. `CLIENT_LOGIN` is left out: the gateway's own token
 * renewals would drown the rest.
 * @see https://www.keycloak.org/docs/latest/server_admin/#event-types
 * @see {@link createAdminApi}
 */
export const storedEventTypes = [
  "CLIENT_INITIATED_ACCOUNT_LINKING",
  "CUSTOM_REQUIRED_ACTION",
  "CUSTOM_REQUIRED_ACTION_ERROR",
  "DELETE_ACCOUNT",
  "EXECUTE_ACTIONS",
  "EXECUTE_ACTIONS_ERROR",
  "EXECUTE_ACTION_TOKEN",
  "EXECUTE_ACTION_TOKEN_ERROR",
  "FEDERATED_IDENTITY_LINK",
  "FEDERATED_IDENTITY_OVERRIDE_LINK",
  "IDENTITY_PROVIDER_FIRST_LOGIN",
  "IDENTITY_PROVIDER_LINK_ACCOUNT",
  "IDENTITY_PROVIDER_LOGIN",
  "IDENTITY_PROVIDER_POST_LOGIN",
  "INVITE_ORG",
  "LOGIN",
  "LOGIN_ERROR",
  "LOGOUT",
  "LOGOUT_ERROR",
  "REFRESH_TOKEN_ERROR",
  "REGISTER",
  "REMOVE_CREDENTIAL",
  "REMOVE_FEDERATED_IDENTITY",
  "RESET_PASSWORD",
  "RESTART_AUTHENTICATION",
  "REVOKE_GRANT",
  "UPDATE_CREDENTIAL",
  "UPDATE_CREDENTIAL_ERROR",
  "UPDATE_EMAIL",
  "UPDATE_PASSWORD",
  "UPDATE_PROFILE",
  "USER_DISABLED_BY_PERMANENT_LOCKOUT",
  "USER_DISABLED_BY_TEMPORARY_LOCKOUT",
  "USER_SESSION_DELETED",
  "VERIFY_EMAIL",
  "VERIFY_PROFILE",
] as const;

/**
 * Types that are taken out again if someone put them in.
 * @see {@link createAdminApi}
 */
export const unwantedEventTypes: readonly string[] = ["CLIENT_LOGIN"];
