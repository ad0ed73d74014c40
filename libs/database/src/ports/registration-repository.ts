import type { KeycloakProfile, User } from "./user-repository.ts";

/**
 * `pending → completed`, `pending → failed` (Keycloak created nothing) or `pending → undoing → undone`; each step is a
 * compare-and-set, so a slow process and a recovery can't both win. What turns up late reopens: `failed|undone → undoing`.
 * @see {@link RegistrationRepository}
 */
export type RegistrationState = "pending" | "completed" | "failed" | "undoing" | "undone";

/**
 * One attempt to register a person.
 * @see {@link RegistrationRepository}
 */
export interface Registration {
  id: string;
  state: RegistrationState;
  username: string;
  /** Null: the realm asks for none. */
  email: string | null;
  /** What was asked for, without the password and without attributes of the realm's own. */
  profile: RegistrationProfile;
  keycloakUserId: string | null;
  attempts: number;
  /** A code and a short internal text; never a submitted value. */
  lastError: string | null;
  idempotencyKey: string | null;
  /** When recovery checks the row (again); null: never. */
  nextAttemptAt: Date | null;
  /** Until when a create whose answer was lost may still land in Keycloak. */
  lostUntil: Date | null;
  /** Set: left to an operator. */
  parkedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * What is not finished yet, in numbers: of open rows and of parked ones each up to {@link COUNTED_AT_MOST}.
 * @see {@link RegistrationRepository}
 */
export interface RegistrationBacklog {
  /** Rows that are neither finished nor parked. */
  pending: number;
  undoing: number;
  parked: number;
  /** When the oldest of all of them began. */
  oldestCreatedAt: Date | null;
}

/**
 * What was asked for, without the password.
 * @see {@link RegistrationRepository}
 */
export interface RegistrationProfile {
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
  storeId: string | null;
  organizationId: string | null;
  metadata: Record<string, unknown>;
  /** Where it came from, for the activity log. */
  client?: { ipAddress: string | null; userAgent: string | null };
}

/**
 * An attempt that begins.
 * @see {@link RegistrationRepository}
 */
export interface NewRegistration {
  id: string;
  username: string;
  email: string | null;
  profile: RegistrationProfile;
  idempotencyKey: string | null;
  now: Date;
  /** When recovery takes the row up if it is not finished by then. */
  recoverAt: Date;
  lostUntil: Date;
}

/**
 * The `lastError` of a row that an operator has had checked again.
 * @see {@link RegistrationRepository}
 */
export const RETRIED = "registration.retried";

/**
 * PORT: the registration saga's memory.
 * @example
 * ```ts
 * import {
 *   type NewRegistration,
 *   RETRIED,
 *   type Registration,
 *   type RegistrationBacklog,
 *   type RegistrationProfile,
 *   type RegistrationRepository,
 *   type RegistrationState,
 * } from "@libs/database";
 *
 * const profile: RegistrationProfile = {
 *   firstName: "Ada",
 *   lastName: "Lovelace",
 *   emailVerified: false,
 *   enabled: true,
 *   storeId: null,
 *   organizationId: null,
 *   metadata: {},
 * };
 * const open: RegistrationState[] = ["pending", "undoing"];
 *
 * export async function retryAll(registrations: RegistrationRepository, now: Date): Promise<RegistrationBacklog> {
 *   const soon = new Date(now.getTime() + 15_000);
 *   const begun: NewRegistration = {
 *     id: crypto.randomUUID(),
 *     username: "ada",
 *     email: "ada@example.com",
 *     profile,
 *     idempotencyKey: null,
 *     now,
 *     recoverAt: soon,
 *     lostUntil: soon,
 *   };
 *   await registrations.begin(begun);
 *   const row: Registration | null = await registrations.findById(begun.id);
 *   if (row && open.includes(row.state) && row.lastError !== RETRIED) await registrations.retry(now, [row.id]);
 *   return registrations.backlog();
 * }
 * ```
 */
export interface RegistrationRepository {
  /** Inserts the row as `pending`, before Keycloak is called. */
  begin(registration: NewRegistration): Promise<void>;
  findById(id: string): Promise<Registration | null>;
  /** The newest `pending` or `undoing` row of this username or email (compared without case), or null. */
  findUnfinished(username: string, email: string | null): Promise<Registration | null>;
  /**
   * One transaction: `pending → completed`, insert the local user, log `user.registered`.
   * @returns the user, or null when the row was no longer `pending` (nothing is written)
   * @throws UniqueViolationError when another live user holds id, username or email (nothing is written)
   */
  complete(id: string, profile: KeycloakProfile, now: Date): Promise<User | null>;
  /** `pending → failed`: Keycloak refused and holds nothing of it. @returns whether this call won */
  fail(id: string, error: string, now: Date): Promise<boolean>;
  /**
   * `pending → undoing`, remembering whom to delete.
   * @param recoverAt when recovery takes the undo up if it is not finished by then
   * @returns whether this call won
   */
  beginUndo(id: string, keycloakUserId: string | null, error: string, now: Date, recoverAt: Date): Promise<boolean>;
  /** `undoing → undone`. @param checkAgainAt null: for good @returns whether this call won */
  finishUndo(id: string, now: Date, checkAgainAt: Date | null): Promise<boolean>;
  /**
   * `failed|undone → undoing`, of a row that is still checked: its user turned up late.
   * @returns whether this call won
   */
  reopen(id: string, keycloakUserId: string, error: string, now: Date, recoverAt: Date): Promise<boolean>;
  /** Counts an attempt at a row that is not finished or still checked, keeps its error, and sets its next check. */
  recordAttempt(id: string, error: string, now: Date, nextAttemptAt: Date): Promise<void>;
  /** Nothing more is expected of a `failed` or `undone` row. */
  settle(id: string, now: Date): Promise<void>;
  /** Leaves a row that is not completed to an operator. */
  park(id: string, error: string, now: Date): Promise<void>;
  /**
   * Rows that are due, not parked, oldest first; nobody else gets them before `claimedUntil`.
   * @param limit at most so many
   */
  claimDue(now: Date, claimedUntil: Date, limit: number): Promise<Registration[]>;
  backlog(): Promise<RegistrationBacklog>;
  /** Rows that are parked or not finished, oldest first. */
  listOpen(limit: number): Promise<Registration[]>;
  /**
   * An operator's word: has recovery check parked and unfinished rows now, however old they are. Their `lastError`
   * becomes {@link RETRIED}, their attempts 0.
   * @param ids default: all that are parked
   * @returns ids of the rows
   */
  retry(now: Date, ids?: readonly string[]): Promise<string[]>;
  /** Which of these Keycloak users came from a registration of ours, and whether that is completed. */
  findByUserIds(userIds: readonly string[]): Promise<Pick<Registration, "id" | "state" | "keycloakUserId">[]>;
}
