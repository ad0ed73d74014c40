/** A person as the application sees them. `id` is Keycloak's user id; there is no password anywhere in this row. */
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

/** The fields that Keycloak owns; a sync writes these and no others. */
export interface KeycloakProfile {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
}

/** PORT: reads and Keycloak-driven writes of `users`. Tombstones are not found except by {@link findById}. */
export interface UserRepository {
  /** @returns the user, tombstones included, or null */
  findById(id: string): Promise<User | null>;
  /** Compared without case. */
  findByUsername(username: string): Promise<User | null>;
  /** Compared without case. */
  findByEmail(email: string): Promise<User | null>;
  /**
   * Inserts or updates the Keycloak-owned fields; local columns are left alone and a tombstone is revived.
   * @param options.ignoreUnfinished insert even where an unfinished registration of that name exists
   * @throws UniqueViolationError when another live row holds the username or email
   * @throws UnfinishedRegistrationError when the user is not known here and its name is being registered
   */
  upsertProfile(profile: KeycloakProfile, now: Date, options?: { ignoreUnfinished?: boolean }): Promise<User>;
  /** Marks the user deleted, which frees username and email. @returns false when there was no live row */
  markDeleted(id: string, now: Date): Promise<boolean>;
}
