import type { NewHint } from "@libs/database";
import type { KeycloakAdminEvent, KeycloakUserEvent } from "../ports.ts";

type Tell = (event: KeycloakUserEvent) => NewHint[];

/**
 * What user events tell. LOGIN is none of them: a login is nobody's change.
 * @see https://www.keycloak.org/docs/latest/server_admin/#event-types
 */
const userEvents: Record<string, Tell> = {
  DELETE_ACCOUNT: lookAtUser,
  IDENTITY_PROVIDER_FIRST_LOGIN: lookAtUser,
  REGISTER: lookAtUser,
  UPDATE_EMAIL: lookAtUser,
  UPDATE_PROFILE: lookAtUser,
  USER_DISABLED_BY_PERMANENT_LOCKOUT: lookAtUser,
  USER_DISABLED_BY_TEMPORARY_LOCKOUT: lookAtUser,
  VERIFY_EMAIL: lookAtUser,
  RESET_PASSWORD: passwordChanged,
  UPDATE_CREDENTIAL: (event) =>
    (event.details["credential_type"] ?? "password") === "password" ? passwordChanged(event) : [],
  LOGOUT: sessionEnded,
  USER_SESSION_DELETED: sessionEnded,
};

/** The types that are read; all are names that Keycloak knows, or it would refuse the question. */
export const hintingTypes: readonly string[] = Object.keys(userEvents);

/** What a user event tells to look at. */
export function hintsOfUserEvent(event: KeycloakUserEvent): NewHint[] {
  return Object.hasOwn(userEvents, event.type) ? (userEvents[event.type]?.(event) ?? []) : [];
}

/** What an admin event tells to look at. Its path says it, whatever the resource type: a partial import's is `REALM`. */
export function hintsOfAdminEvent({ at, operation, resourcePath }: KeycloakAdminEvent): NewHint[] {
  const [collection, id, part] = resourcePath.split("/");
  const told = { source: "admin_events", changedAt: at } as const;
  if (!id) return [];
  if (collection === "sessions" && operation === "DELETE") return [{ kind: "session", subject: id, ...told }];
  // The realm's declaration of user attributes has a path like a user's.
  if (collection !== "users" || id === "profile") return [];
  switch (part) {
    case "role-mappings":
    case "groups":
      return [];
    case "logout":
    case "consents":
      return [{ kind: "sessions", subject: id, ...told }];
    case "reset-password":
      return [
        { kind: "user", subject: id, ...told },
        { kind: "credentials", subject: id, ...told, keepSession: null },
      ];
    default:
      return [{ kind: "user", subject: id, ...told }];
  }
}

/** Whether every session of the realm was ended: what no single user's event tells. */
export function endsEverySession({ operation, resourcePath }: KeycloakAdminEvent): boolean {
  return operation === "ACTION" && resourcePath === "logout-all";
}

/** The user that an admin event creates or deletes as a whole. */
export function wholeUserOf({ resourcePath }: KeycloakAdminEvent): string | undefined {
  return /^users\/([^/]+)$/.exec(resourcePath)?.[1];
}

function lookAtUser({ userId, at }: KeycloakUserEvent): NewHint[] {
  return userId ? [{ kind: "user", subject: userId, source: "user_events", changedAt: at }] : [];
}

function passwordChanged({ userId, sessionId, at }: KeycloakUserEvent): NewHint[] {
  const told = { source: "user_events", changedAt: at, keepSession: sessionId } as const;
  return userId ? [{ kind: "credentials", subject: userId, ...told }] : [];
}

function sessionEnded({ userId, sessionId, at }: KeycloakUserEvent): NewHint[] {
  const told = { source: "user_events", changedAt: at } as const;
  if (sessionId) return [{ kind: "session", subject: sessionId, ...told }];
  return userId ? [{ kind: "sessions", subject: userId, ...told }] : [];
}
