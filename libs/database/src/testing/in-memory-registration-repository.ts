import { UniqueViolationError } from "../errors.ts";
import type {
  NewRegistration,
  Registration,
  RegistrationRepository,
  RegistrationState,
} from "../registration-repository.ts";
import type { KeycloakProfile, User } from "../user-repository.ts";
import { type InMemoryDatabase, newUser, sameName } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryRegistrationRepository implements RegistrationRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async begin({ now, ...registration }: NewRegistration): Promise<void> {
    const { registrations } = this.database;
    if (registrations.has(registration.id)) throw new UniqueViolationError("registrations_pkey");
    registrations.set(registration.id, {
      ...structuredClone(registration),
      ...{ state: "pending", keycloakUserId: null, attempts: 0, lastError: null, createdAt: now, updatedAt: now },
    });
  }

  async findById(id: string): Promise<Registration | null> {
    return structuredClone(this.database.registrations.get(id) ?? null);
  }

  async findUnfinished(username: string, email: string | null): Promise<Registration | null> {
    const found = [...this.database.registrations.values()]
      .filter(({ state }) => state === "pending" || state === "undoing")
      .filter((row) => sameName(row.username, username) || (email !== null && sameName(row.email, email)))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1));
    return structuredClone(found[0] ?? null);
  }

  async complete(id: string, profile: KeycloakProfile, now: Date): Promise<User | null> {
    const registration = this.database.registrations.get(id);
    if (registration?.state !== "pending") return null;
    if (this.database.users.has(profile.id)) throw new UniqueViolationError("users_pkey");
    this.database.assertNamesFree(profile);
    const { storeId, organizationId, metadata } = structuredClone(registration.profile);
    const user: User = { ...newUser(profile, now), storeId, organizationId, metadata };
    this.database.assertRelations(user);
    this.database.users.set(user.id, user);
    this.move(id, "pending", { state: "completed", keycloakUserId: profile.id, updatedAt: now });
    const details = { registrationId: id };
    const from = { ipAddress: null, userAgent: null };
    this.database.log({ userId: user.id, type: "user.registered", at: now, ...from, details });
    return structuredClone(user);
  }

  async fail(id: string, error: string, now: Date): Promise<boolean> {
    return this.move(id, "pending", { state: "failed", lastError: error, updatedAt: now });
  }

  async beginUndo(id: string, keycloakUserId: string | null, error: string, now: Date): Promise<boolean> {
    return this.move(id, "pending", { state: "undoing", keycloakUserId, lastError: error, updatedAt: now });
  }

  async finishUndo(id: string, now: Date): Promise<boolean> {
    return this.move(id, "undoing", { state: "undone", updatedAt: now });
  }

  async recordAttempt(id: string, error: string, now: Date): Promise<void> {
    const row = this.database.registrations.get(id);
    if (row?.state !== "pending" && row?.state !== "undoing") return;
    this.move(id, row.state, { attempts: row.attempts + 1, lastError: error, updatedAt: now });
  }

  private move(id: string, from: RegistrationState, change: Partial<Registration>): boolean {
    const row = this.database.registrations.get(id);
    if (row?.state !== from) return false;
    this.database.registrations.set(id, { ...row, ...change });
    return true;
  }
}
