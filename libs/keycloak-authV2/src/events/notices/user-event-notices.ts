import type { NewNotice } from "@libs/database";
import type { KeycloakUserEvent } from "../../ports/ports.ts";

type ToNotices = (event: KeycloakUserEvent) => NewNotice[];

/**
 * What user events give notice of, of the types in Keycloak 26.7's `EventType`.
 *
 * A required action that an administrator's mail asks for verifies the email, whatever the action and however it ends;
 * with `syncMode: FORCE` a login through an identity provider changes the fields.
 * @see https://www.keycloak.org/docs/latest/server_admin/#event-types
 */
const userEvents: Record<string, ToNotices> = {
  CLIENT_INITIATED_ACCOUNT_LINKING: userChanged,
  CUSTOM_REQUIRED_ACTION: userChanged,
  CUSTOM_REQUIRED_ACTION_ERROR: userChanged,
  DELETE_ACCOUNT: userChanged,
  EXECUTE_ACTIONS: userChanged,
  EXECUTE_ACTIONS_ERROR: userChanged,
  EXECUTE_ACTION_TOKEN: userChanged,
  EXECUTE_ACTION_TOKEN_ERROR: userChanged,
  FEDERATED_IDENTITY_LINK: userChanged,
  FEDERATED_IDENTITY_OVERRIDE_LINK: userChanged,
  IDENTITY_PROVIDER_FIRST_LOGIN: userChanged,
  IDENTITY_PROVIDER_LINK_ACCOUNT: userChanged,
  IDENTITY_PROVIDER_LOGIN: userChanged,
  IDENTITY_PROVIDER_POST_LOGIN: userChanged,
  INVITE_ORG: userChanged,
  REGISTER: userChanged,
  REMOVE_FEDERATED_IDENTITY: userChanged,
  UPDATE_CREDENTIAL_ERROR: userChanged,
  UPDATE_EMAIL: userChanged,
  UPDATE_PROFILE: userChanged,
  USER_DISABLED_BY_PERMANENT_LOCKOUT: userChanged,
  USER_DISABLED_BY_TEMPORARY_LOCKOUT: userChanged,
  VERIFY_EMAIL: userChanged,
  VERIFY_PROFILE: userChanged,
  REMOVE_CREDENTIAL: credentialChanged,
  RESET_PASSWORD: passwordChanged,
  UPDATE_CREDENTIAL: credentialChanged,
  UPDATE_PASSWORD: passwordChanged,
  LOGOUT: sessionEnded,
  RESTART_AUTHENTICATION: sessionEnded,
  REVOKE_GRANT: sessionsChanged,
  USER_SESSION_DELETED: sessionEnded,
  LOGIN_ERROR: (event) => (event.error === "user_disabled" ? userChanged(event) : []),
  // Keycloak refuses a refresh to who is disabled or gone, of a session that has ended, of a token that is spent.
  REFRESH_TOKEN_ERROR: (event) => [...userChanged(withSubject(event)), ...sessionEnded(event)],
};

/**
 * Types that say nothing about a user's fields or sessions: logins and tokens, mails that were sent, clients. They are
 * most of all events.
 */
const SILENT =
  /^(?:LOGIN|CLIENT_.+|CODE_TO_TOKEN|REFRESH_TOKEN|VALIDATE_ACCESS_TOKEN|INTROSPECT_TOKEN|USER_INFO_REQUEST|TOKEN_EXCHANGE|PERMISSION_TOKEN|AUTHREQID_TO_TOKEN|OAUTH2_.+|JWT_AUTHORIZATION_GRANT|PUSHED_AUTHORIZATION_REQUEST|IMPERSONATE|GRANT_CONSENT|UPDATE_CONSENT|SEND_.+|IDENTITY_PROVIDER_(?:RESPONSE|RETRIEVE_TOKEN)|INVALID_SIGNATURE|(?:UN)?REGISTER_NODE|VERIFIABLE_CREDENTIAL_.+|(?:UPDATE|REMOVE)_TOTP|.+_ERROR)$/;

/** The types that are read; all are names that Keycloak knows, or it would refuse the question. */
export const noticeTypes: readonly string[] = Object.keys(userEvents);

/** What a user event gives notice of. A type that is not known is a notice where it names a user. */
export function noticesOfUserEvent(event: KeycloakUserEvent): NewNotice[] {
  const known = Object.hasOwn(userEvents, event.type) ? userEvents[event.type] : undefined;
  if (known) return known(event);
  return SILENT.test(event.type) ? [] : userChanged(event);
}

function userChanged({ userId, at }: KeycloakUserEvent): NewNotice[] {
  return userId ? [{ kind: "user", subject: userId, source: "user_events", changedAt: at }] : [];
}

/** Whom a refresh was refused to is in its details, where the refusal came before Keycloak looked for the user. */
function withSubject(event: KeycloakUserEvent): KeycloakUserEvent {
  return { ...event, userId: event.userId ?? event.details["refresh_token_sub"] ?? null };
}

function passwordChanged(event: KeycloakUserEvent): NewNotice[] {
  const { userId, sessionId, at } = event;
  const rest = { source: "user_events", changedAt: at, keepSession: sessionId } as const;
  return userId ? [...userChanged(event), { kind: "credentials", subject: userId, ...rest }] : [];
}

function credentialChanged(event: KeycloakUserEvent): NewNotice[] {
  const isPassword = (event.details["credential_type"] ?? "password") === "password";
  return isPassword ? passwordChanged(event) : userChanged(event);
}

function sessionEnded({ userId, sessionId, at }: KeycloakUserEvent): NewNotice[] {
  const rest = { source: "user_events", changedAt: at } as const;
  if (sessionId) return [{ kind: "session", subject: sessionId, ...rest }];
  return userId ? [{ kind: "sessions", subject: userId, ...rest }] : [];
}

function sessionsChanged({ userId, at }: KeycloakUserEvent): NewNotice[] {
  const rest = { source: "user_events", changedAt: at } as const;
  return userId
    ? [
        { kind: "sessions", subject: userId, ...rest },
        { kind: "user", subject: userId, ...rest },
      ]
    : [];
}
