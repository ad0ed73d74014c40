import type { NewNotice } from "@libs/database";
import type { KeycloakAdminEvent } from "../../ports/ports.ts";
import { EVERY_USER, NOT_BEFORE, type Subject } from "./realm-subjects.ts";
import { type NamedUser, usersInPath } from "./users-in-path.ts";

/**
 * What an admin event gives notice of. Its path says it, whatever the resource type: a partial import's is `REALM`, a
 * role mapping may have started a workflow that disables or deletes the user.
 */
export function noticesOfAdminEvent(event: KeycloakAdminEvent): NewNotice[] {
  const { at, operation, resourcePath } = event;
  const notice = { source: "admin_events", changedAt: at } as const;
  const sid = /^sessions\/(.+)$/s.exec(resourcePath)?.[1];
  if (sid !== undefined) return operation === "DELETE" ? [{ kind: "session", subject: sid, ...notice }] : [];
  const ofUsers = usersInPath(resourcePath).flatMap((user) => noticesOfUser(user, event));
  const ofRealm: Subject[] = [
    ...(changesMany(event) ? [EVERY_USER] : []),
    ...(revokesTokens(event) ? [NOT_BEFORE] : []),
  ];
  return [...ofUsers, ...ofRealm.map((subject) => ({ ...subject, ...notice }))];
}

function noticesOfUser({ id: subject, part }: NamedUser, { at, operation }: KeycloakAdminEvent): NewNotice[] {
  const notice = { subject, source: "admin_events", changedAt: at } as const;
  const user = { kind: "user", ...notice } as const;
  switch (part) {
    case "logout":
    case "consents":
      return [user, { kind: "sessions", ...notice }];
    case "credentials":
      // It is one that was removed; of which kind is not said.
      return [user, { kind: "sessions", ...notice }, { kind: "removed_credential", ...notice }];
    case "reset-password":
      return [user, { kind: "credentials", ...notice, keepSession: null }];
    case null:
      // A password may be inside an edit.
      return operation === "UPDATE" ? [user, { kind: "sessions", ...notice }] : [user];
    default:
      return [user];
  }
}

/**
 * What changes many users and names none: managed members are deleted with their organization and disabled with it,
 * imported users are with their federation, the realm's settings decide what everybody's fields read as; after events
 * were off, or Keycloak's caches were emptied (so its database was edited), anything may have changed.
 */
const MANY: readonly [operations: RegExp, path: RegExp][] = [
  [/^(?:UPDATE|DELETE)$/, /^organizations\/[^/]+$/],
  [/^(?:CREATE|UPDATE|DELETE)$/, /^components\/[^/]+$/],
  [/^/, /^user-storage\//],
  [/^(?:UPDATE|DELETE)$/, /^identity-provider\/instances\/[^/]+$/],
  [/^UPDATE$/, /^(?:users\/profile|events\/config)$/],
  [/^ACTION$/, /^clear-(?:realm|user)-cache$/],
];

function changesMany({ operation, resourceType, resourcePath }: KeycloakAdminEvent): boolean {
  // A change of the realm itself has no path.
  if (resourcePath === "") return operation === "UPDATE" && resourceType === "REALM";
  return MANY.some(([operations, path]) => operations.test(operation) && path.test(resourcePath));
}

/** Whether tokens from before a time may be refused from now on: of the realm, or of a client, which may be ours. */
function revokesTokens({ operation, resourceType, resourcePath }: KeycloakAdminEvent): boolean {
  if (resourcePath === "") return operation === "UPDATE" && resourceType === "REALM";
  return (
    (operation === "UPDATE" && /^clients\/[^/]+$/.test(resourcePath)) ||
    (operation === "ACTION" && /^(?:clients\/[^/]+\/)?push-revocation$/.test(resourcePath))
  );
}

/** Whether every session of the realm was ended: what no single user's event reports. */
export function endsEverySession({ operation, resourcePath }: KeycloakAdminEvent): boolean {
  return operation === "ACTION" && resourcePath === "logout-all";
}

/**
 * The name of a user whom an admin event names in its details alone: a new member of an organization, for one.
 * @returns null when there is none, or its path has the id
 */
export function nameInDetails({
  resourcePath,
  details,
}: KeycloakAdminEvent): Record<"username" | "email", string | null> | null {
  const { username = null, email = null } = details;
  if ((username === null && email === null) || usersInPath(resourcePath).length > 0) return null;
  return { username, email };
}

/** The user that an admin event creates or deletes as a whole. */
export function wholeUserOf({ resourcePath }: KeycloakAdminEvent): string | undefined {
  return /^users\/([^/]+)$/.exec(resourcePath)?.[1];
}
