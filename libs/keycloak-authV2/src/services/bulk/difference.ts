import type { KeycloakProfile } from "@libs/database";

/**
 * The fields that Keycloak owns.
 * @see {@link Difference}
 */
export type KeycloakField = Exclude<keyof KeycloakProfile, "id">;

/**
 * What kind a {@link Difference} is of.
 * @see {@link Difference}
 */
export type DifferenceKind = "missing" | "extra" | "field" | "session";

/** Who a difference is about. */
interface Subject {
  /** Keycloak's user id. */
  userId: string;
  username: string;
}

/**
 * In Keycloak, and not here, or a tombstone here.
 * @see {@link Difference}
 */
export interface MissingUser extends Subject {
  kind: "missing";
  local: "none" | "tombstone";
}

/**
 * Live here, and gone from Keycloak.
 * @see {@link Difference}
 */
export interface ExtraUser extends Subject {
  kind: "extra";
}

/**
 * One field that differs.
 * @see {@link Difference}
 */
export interface DifferentField extends Subject {
  kind: "field";
  field: KeycloakField;
  keycloak: string | boolean | null;
  local: string | boolean | null;
}

/**
 * Live here, although its user is gone or disabled, or Keycloak has no such session (any more).
 * @see {@link Difference}
 */
export interface DeadSession extends Subject {
  kind: "session";
  sessionId: string;
  /** `sid` */
  keycloakSessionId: string;
  reason: "user_deleted" | "user_disabled" | "ended_in_keycloak" | "password_changed";
}

/**
 * One difference between Keycloak and the local rows, seen twice: it is not a change on its way.
 * @example
 * ```ts
 * import type {
 *   DeadSession,
 *   Difference,
 *   DifferenceKind,
 *   DifferentField,
 *   ExtraUser,
 *   KeycloakField,
 *   MissingUser,
 *   RepairOutcome,
 * } from "@libs/keycloak-authV2/services/bulk";
 *
 * const describe = {
 *   missing: ({ userId, local }: MissingUser) => `${userId}: ${local}`,
 *   extra: ({ userId }: ExtraUser) => userId,
 *   field: ({ userId, field }: DifferentField) => `${userId}: ${field satisfies KeycloakField}`,
 *   session: ({ sessionId, reason }: DeadSession) => `${sessionId}: ${reason}`,
 * } satisfies Record<DifferenceKind, (difference: never) => string>;
 *
 * export const onRepair = (difference: Difference, outcome: RepairOutcome) =>
 *   console.log(outcome, difference.kind === "field" ? describe.field(difference) : difference.userId);
 * ```
 */
export type Difference = MissingUser | ExtraUser | DifferentField | DeadSession;
