import type { KeycloakProfile } from "@libs/database";

/** The fields that Keycloak owns. */
export type KeycloakField = Exclude<keyof KeycloakProfile, "id">;

export type DifferenceKind = "missing" | "extra" | "field" | "session";

/** Who a difference is about. */
interface Subject {
  /** Keycloak's user id. */
  userId: string;
  username: string;
}

/** In Keycloak, and not here, or a tombstone here. */
export interface MissingUser extends Subject {
  kind: "missing";
  local: "none" | "tombstone";
}

/** Live here, and gone from Keycloak. */
export interface ExtraUser extends Subject {
  kind: "extra";
}

/** One field that differs. */
export interface DifferentField extends Subject {
  kind: "field";
  field: KeycloakField;
  keycloak: string | boolean | null;
  local: string | boolean | null;
}

/** Live here, although its user is gone or disabled, or Keycloak has no such session (any more). */
export interface DeadSession extends Subject {
  kind: "session";
  sessionId: string;
  /** `sid` */
  keycloakSessionId: string;
  reason: "user_deleted" | "user_disabled" | "ended_in_keycloak" | "password_changed";
}

/** One difference between Keycloak and the local rows, seen twice: it is not a change on its way. */
export type Difference = MissingUser | ExtraUser | DifferentField | DeadSession;
