import type { KeycloakTicket } from "./feed-repository.ts";

/**
 * A person as the application sees them. `id` is Keycloak's user id; there is no password anywhere in this row.
 * @see {@link UserRepository}
 */
export interface User {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
  storeId: string | null;
  organizationId: string | null;
  metadata: Record<string, unknown>;
  lastLoginAt: Date | null;
  loginCount: number;
  syncedAt: Date;
  createdAt: Date;
  updatedAt: Date;
  /** Set when Keycloak no longer knows the user: a tombstone, so that orders keep their owner. */
  deletedAt: Date | null;
}

/**
 * The fields that Keycloak owns; a sync writes these and no others.
 * @see {@link UserRepository}
 */
export interface KeycloakProfile {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
}

/**
 * What became of one profile. `stale`: the row was written since the read began. `unfinished`: not known here, and its name is being
 * registered. `collision`: another live row, not of this batch, holds the username or email.
 * @see {@link UserRepository}
 */
export type ProfileOutcome = "inserted" | "revived" | "updated" | "unchanged" | "stale" | "unfinished" | "collision";

/**
 * A user of a batch, and what became of it.
 * @see {@link UserRepository}
 */
export interface AppliedProfile {
  id: string;
  outcome: ProfileOutcome;
}

/**
 * How {@link UserRepository} applies profiles.
 * @see {@link UserRepository}
 */
export interface ApplyOptions {
  /** Ids that are inserted even where an unfinished registration of that name exists. */
  ignoreUnfinished?: readonly string[];
  /**
   * Writes nothing at all where a row agrees, not even the ticket, and no notices: for scans of all users, who check
   * again what changed meanwhile. Without that, a slow read of an older state might still overwrite such a row.
   */
  leaveUnchanged?: boolean;
}

/**
 * PORT: reads and Keycloak-driven writes of `users`. Tombstones are not found except by {@link findById}.
 * @example
 * ```ts
 * import type {
 *   AppliedProfile,
 *   ApplyOptions,
 *   KeycloakProfile,
 *   KeycloakTicket,
 *   ProfileOutcome,
 *   TicketRepository,
 *   User,
 *   UserRepository,
 * } from "@libs/database";
 *
 * const written: ProfileOutcome[] = ["inserted", "revived", "updated"];
 * const options: ApplyOptions = { leaveUnchanged: true };
 *
 * export async function bringOver(
 *   { users, tickets }: { users: UserRepository; tickets: TicketRepository },
 *   read: (id: string) => Promise<KeycloakProfile>,
 *   id: string,
 * ): Promise<User | null> {
 *   const ticket: KeycloakTicket = await tickets.next(); // before Keycloak is read
 *   const [applied]: AppliedProfile[] = await users.applyProfiles([await read(id)], ticket, new Date(), options);
 *   return applied && written.includes(applied.outcome) ? users.findById(id) : null;
 * }
 * ```
 */
export interface UserRepository {
  /** @returns the user, tombstones included, or null */
  findById(id: string): Promise<User | null>;
  /** Compared without case. */
  findByUsername(username: string): Promise<User | null>;
  /** Compared without case. */
  findByEmail(email: string): Promise<User | null>;
  /** Tombstones included; the missing are left out. */
  findByIds(ids: readonly string[]): Promise<User[]>;
  /** Live rows, other than the profiles' own, that hold one of their usernames or emails (without case). */
  findHolders(profiles: readonly KeycloakProfile[]): Promise<User[]>;
  /**
   * Applies what one read of Keycloak brought of many users, in one transaction: inserts, updates what differs,
   * revives. Rows that a later read has written are left alone; of rows that agree only the ticket moves. Users of the
   * batch may swap usernames and emails. Who is inserted or revived gets a notice to be reconciled once more: the user
   * may have been deleted since it was read. With a `collision` that one is left out, and the others are written.
   * Changes are reported as `user.registered`, `user.updated`, `user.disabled`.
   * @param ticket of the read
   * @returns one for each id, in the order given
   */
  applyProfiles(
    profiles: readonly KeycloakProfile[],
    ticket: KeycloakTicket,
    now: Date,
    options?: ApplyOptions,
  ): Promise<AppliedProfile[]>;
  /**
   * Makes a tombstone, which frees username and email; reported as `user.deleted`.
   * @param ticket of the read that did not find the user; left out: whatever was written before
   * @returns false when there was no live row, or a later read has written it
   */
  markDeleted(id: string, now: Date, ticket?: KeycloakTicket): Promise<boolean>;
  /** How many became tombstones since then. */
  countDeletedSince(since: Date): Promise<number>;
}
