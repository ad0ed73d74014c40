import type { KeycloakProfile, User } from "./user-repository.ts";

/**
 * `pending → completed`, `pending → failed` (Keycloak created nothing) or `pending → undoing → undone`; each step is a
 * compare-and-set, so a slow process and a recovery can't both win.
 */
export type RegistrationState = "pending" | "completed" | "failed" | "undoing" | "undone";

export interface Registration {
  id: string;
  state: RegistrationState;
  username: string;
  email: string;
  /** What was asked for, without the password. */
  profile: RegistrationProfile;
  keycloakUserId: string | null;
  attempts: number;
  /** A code and a short internal text; never a submitted value. */
  lastError: string | null;
  idempotencyKey: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface RegistrationProfile {
  firstName: string;
  lastName: string;
  emailVerified: boolean;
  enabled: boolean;
  storeId: string | null;
  organizationId: string | null;
  metadata: Record<string, unknown>;
}

export interface NewRegistration {
  id: string;
  username: string;
  email: string;
  profile: RegistrationProfile;
  idempotencyKey: string | null;
  now: Date;
}

/** PORT: the registration saga's memory. */
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
  /** `pending → undoing`, remembering whom to delete. @returns whether this call won */
  beginUndo(id: string, keycloakUserId: string | null, error: string, now: Date): Promise<boolean>;
  /** `undoing → undone`. @returns whether this call won */
  finishUndo(id: string, now: Date): Promise<boolean>;
  /** Counts an attempt at an unfinished row and keeps its error. */
  recordAttempt(id: string, error: string, now: Date): Promise<void>;
}
