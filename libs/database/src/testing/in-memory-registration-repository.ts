import { UniqueViolationError } from "@libs/postgres";
import { keycloakFields } from "../ports/profile-change.ts";
import {
  type NewRegistration,
  RETRIED,
  type Registration,
  type RegistrationBacklog,
  type RegistrationRepository,
  type RegistrationState,
} from "../ports/registration-repository.ts";
import type { KeycloakProfile, User } from "../ports/user-repository.ts";
import { type InMemoryDatabase, newUser, sameName } from "./in-memory-database.ts";

const done = { nextAttemptAt: null };

/** Passes the contract of the real one. */
export class InMemoryRegistrationRepository implements RegistrationRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async begin({ now, recoverAt, ...registration }: NewRegistration): Promise<void> {
    const { registrations } = this.database;
    if (registrations.has(registration.id)) throw new UniqueViolationError("registrations_pkey");
    registrations.set(registration.id, {
      ...structuredClone(registration),
      state: "pending",
      keycloakUserId: null,
      attempts: 0,
      lastError: null,
      createdAt: now,
      updatedAt: now,
      nextAttemptAt: recoverAt,
      parkedAt: null,
    });
  }

  async findById(id: string): Promise<Registration | null> {
    return structuredClone(this.database.registrations.get(id) ?? null);
  }

  async findUnfinished(username: string, email: string | null): Promise<Registration | null> {
    const found = [...this.database.registrations.values()]
      .filter(({ state }) => state === "pending" || state === "undoing")
      .filter(
        (row) =>
          sameName(row.username, username) || (email !== null && row.email !== null && sameName(row.email, email)),
      )
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
    this.move(id, "pending", {
      state: "completed",
      keycloakUserId: profile.id,
      updatedAt: now,
      ...done,
      parkedAt: null,
    });
    const details = { registrationId: id };
    const from = registration.profile.client ?? { ipAddress: null, userAgent: null };
    this.database.log({ userId: user.id, type: "user.registered", at: now, ...from, details });
    this.database.takeOverGrants(user, now);
    const payload = { ...keycloakFields(user), via: "registration" } as const;
    this.database.record(user.id, { type: "user.registered", payload }, now);
    return structuredClone(user);
  }

  async fail(id: string, error: string, now: Date): Promise<boolean> {
    return this.move(id, "pending", { state: "failed", lastError: error, updatedAt: now, ...done });
  }

  async beginUndo(
    id: string,
    keycloakUserId: string | null,
    error: string,
    now: Date,
    nextAttemptAt: Date,
  ): Promise<boolean> {
    return this.move(id, "pending", {
      state: "undoing",
      keycloakUserId,
      lastError: error,
      updatedAt: now,
      nextAttemptAt,
    });
  }

  async finishUndo(id: string, now: Date, checkAgainAt: Date | null): Promise<boolean> {
    return this.move(id, "undoing", { state: "undone", updatedAt: now, nextAttemptAt: checkAgainAt });
  }

  async reopen(id: string, keycloakUserId: string, error: string, now: Date, nextAttemptAt: Date): Promise<boolean> {
    const row = this.database.registrations.get(id);
    if (!row?.nextAttemptAt || row.parkedAt || (row.state !== "failed" && row.state !== "undone")) return false;
    const undoing = { state: "undoing", keycloakUserId, lastError: error, updatedAt: now, nextAttemptAt } as const;
    return this.move(id, row.state, undoing);
  }

  async recordAttempt(id: string, error: string, now: Date, nextAttemptAt: Date): Promise<void> {
    const row = this.database.registrations.get(id);
    if (!row?.nextAttemptAt) return;
    this.move(id, row.state, { attempts: row.attempts + 1, lastError: error, updatedAt: now, nextAttemptAt });
  }

  async settle(id: string, now: Date): Promise<void> {
    const row = this.database.registrations.get(id);
    if (row?.state === "failed" || row?.state === "undone") this.move(id, row.state, { ...done, updatedAt: now });
  }

  async park(id: string, error: string, now: Date): Promise<void> {
    const row = this.database.registrations.get(id);
    if (!row || row.state === "completed" || row.parkedAt) return;
    this.move(id, row.state, { parkedAt: now, lastError: error, updatedAt: now });
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<Registration[]> {
    const dueAt = ({ nextAttemptAt, parkedAt }: Registration) => (parkedAt ? undefined : nextAttemptAt?.getTime());
    const due = [...this.database.registrations.values()]
      .filter((row) => (dueAt(row) ?? Number.POSITIVE_INFINITY) <= now.getTime())
      .sort((a, b) => (dueAt(a) ?? 0) - (dueAt(b) ?? 0))
      .slice(0, limit)
      .map((row) => ({ ...row, nextAttemptAt: claimedUntil }));
    for (const row of due) this.database.registrations.set(row.id, row);
    return structuredClone(due);
  }

  async backlog(): Promise<RegistrationBacklog> {
    const open = this.open();
    const [oldest] = open;
    const unparked = open.filter(({ parkedAt }) => parkedAt === null);
    return {
      pending: unparked.filter(({ state }) => state === "pending").length,
      undoing: unparked.filter(({ state }) => state === "undoing").length,
      parked: open.length - unparked.length,
      oldestCreatedAt: oldest?.createdAt ?? null,
    };
  }

  async listOpen(limit: number): Promise<Registration[]> {
    return structuredClone(this.open().slice(0, limit));
  }

  async retry(now: Date, ids?: readonly string[]): Promise<string[]> {
    const chosen = this.open().filter((row) => (ids ? ids.includes(row.id) : row.parkedAt !== null));
    const again = { parkedAt: null, nextAttemptAt: now, attempts: 0, lastError: RETRIED, updatedAt: now };
    for (const row of chosen) this.database.registrations.set(row.id, { ...row, ...again });
    return chosen.map(({ id }) => id);
  }

  async findByUserIds(userIds: readonly string[]): Promise<Pick<Registration, "id" | "state" | "keycloakUserId">[]> {
    return [...this.database.registrations.values()]
      .filter(({ keycloakUserId }) => keycloakUserId !== null && userIds.includes(keycloakUserId))
      .map(({ id, state, keycloakUserId }) => ({ id, state, keycloakUserId }));
  }

  private open(): Registration[] {
    return [...this.database.registrations.values()]
      .filter(({ state, parkedAt }) => parkedAt !== null || state === "pending" || state === "undoing")
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  private move(id: string, from: RegistrationState, change: Partial<Registration>): boolean {
    const row = this.database.registrations.get(id);
    if (row?.state !== from) return false;
    this.database.registrations.set(id, { ...row, ...change });
    return true;
  }
}
