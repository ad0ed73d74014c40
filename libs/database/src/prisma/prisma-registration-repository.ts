import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import {
  type NewRegistration,
  RETRIED,
  type Registration,
  type RegistrationBacklog,
  type RegistrationProfile,
  type RegistrationRepository,
  type RegistrationState,
} from "../ports/registration-repository.ts";
import type { KeycloakProfile, User } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { REGISTRATION_COLUMNS } from "./columns.ts";
import { completeRegistration } from "./complete-registration.ts";

/** `registrations` in PostgreSQL; every change of state is one conditional UPDATE. */
export class PrismaRegistrationRepository implements RegistrationRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async begin(registration: NewRegistration): Promise<void> {
    const { id, username, email, profile, idempotencyKey, now, recoverAt, lostUntil } = registration;
    await this.prisma.$executeRaw`
      INSERT INTO registrations (id, username, email, profile, idempotency_key, next_attempt_at, lost_until, created_at,
        updated_at)
      VALUES (${id}, ${username}, ${email}, ${JSON.stringify(profile)}::jsonb, ${idempotencyKey}, ${recoverAt},
        ${lostUntil}, ${now}, ${now})`.catch(throwMapped);
  }

  async findById(id: string): Promise<Registration | null> {
    const row = await this.prisma.registration
      .findUnique({ where: { id }, omit: { requestFingerprint: true } })
      .catch(throwMapped);
    if (!row) return null;
    return {
      ...row,
      state: row.state as RegistrationState,
      profile: row.profile as unknown as RegistrationProfile,
    };
  }

  async findUnfinished(username: string, email: string | null): Promise<Registration | null> {
    const rows = await this.prisma.$queryRaw<Registration[]>`
      SELECT ${REGISTRATION_COLUMNS} FROM registrations
      WHERE state IN ('pending', 'undoing') AND (lower(username) = lower(${username}) OR lower(email) = lower(${email}))
      ORDER BY created_at DESC, id DESC LIMIT 1`.catch(throwMapped);
    return rows[0] ?? null;
  }

  complete(id: string, profile: KeycloakProfile, now: Date): Promise<User | null> {
    return completeRegistration(this.prisma, id, profile, now).catch(throwMapped);
  }

  fail(id: string, error: string, now: Date): Promise<boolean> {
    return this.move(id, ["pending"], { state: "failed", lastError: error, updatedAt: now, nextAttemptAt: null });
  }

  beginUndo(
    id: string,
    keycloakUserId: string | null,
    error: string,
    now: Date,
    nextAttemptAt: Date,
  ): Promise<boolean> {
    const undoing = { state: "undoing", keycloakUserId, lastError: error, updatedAt: now, nextAttemptAt } as const;
    return this.move(id, ["pending"], undoing);
  }

  finishUndo(id: string, now: Date, checkAgainAt: Date | null): Promise<boolean> {
    return this.move(id, ["undoing"], { state: "undone", updatedAt: now, nextAttemptAt: checkAgainAt });
  }

  async reopen(id: string, keycloakUserId: string, error: string, now: Date, nextAttemptAt: Date): Promise<boolean> {
    const { count } = await this.prisma.registration
      .updateMany({
        where: { id, state: { in: ["failed", "undone"] }, nextAttemptAt: { not: null }, parkedAt: null },
        data: { state: "undoing", keycloakUserId, lastError: error, updatedAt: now, nextAttemptAt },
      })
      .catch(throwMapped);
    return count > 0;
  }

  async recordAttempt(id: string, error: string, now: Date, nextAttemptAt: Date): Promise<void> {
    await this.prisma.registration
      .updateMany({
        where: { id, nextAttemptAt: { not: null } },
        data: { attempts: { increment: 1 }, lastError: error, updatedAt: now, nextAttemptAt },
      })
      .catch(throwMapped);
  }

  async settle(id: string, now: Date): Promise<void> {
    await this.prisma.registration
      .updateMany({
        where: { id, state: { in: ["failed", "undone"] } },
        data: { nextAttemptAt: null, updatedAt: now },
      })
      .catch(throwMapped);
  }

  async park(id: string, error: string, now: Date): Promise<void> {
    await this.prisma.registration
      .updateMany({
        where: { id, state: { not: "completed" }, parkedAt: null },
        data: { parkedAt: now, lastError: error, updatedAt: now },
      })
      .catch(throwMapped);
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<Registration[]> {
    return await this.prisma.$queryRaw<Registration[]>`
      UPDATE registrations SET next_attempt_at = ${claimedUntil}
      WHERE id = ANY(ARRAY(
        SELECT id FROM registrations WHERE next_attempt_at <= ${now} AND next_attempt_at IS NOT NULL AND parked_at IS NULL
        ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
      RETURNING ${REGISTRATION_COLUMNS}`.catch(throwMapped);
  }

  async backlog(): Promise<RegistrationBacklog> {
    // A union, so that each part has an index: finished rows, which are nearly all, are not read.
    const rows = await this.prisma.$queryRaw<RegistrationBacklog[]>`
      WITH open AS (
        (SELECT id, state, parked_at, created_at FROM registrations WHERE state IN ('pending', 'undoing')
          ORDER BY updated_at LIMIT ${COUNTED_AT_MOST})
        UNION
        (SELECT id, state, parked_at, created_at FROM registrations WHERE parked_at IS NOT NULL
          ORDER BY created_at, id LIMIT ${COUNTED_AT_MOST})
      )
      SELECT count(*) FILTER (WHERE parked_at IS NULL AND state = 'pending')::int AS pending,
        count(*) FILTER (WHERE parked_at IS NULL AND state = 'undoing')::int AS undoing,
        count(*) FILTER (WHERE parked_at IS NOT NULL)::int AS parked, min(created_at) AS "oldestCreatedAt"
      FROM open`.catch(throwMapped);
    return rows[0] as RegistrationBacklog;
  }

  listOpen(limit: number): Promise<Registration[]> {
    return this.prisma.$queryRaw<Registration[]>`
      SELECT ${REGISTRATION_COLUMNS} FROM registrations WHERE id = ANY(ARRAY(
        (SELECT id FROM registrations WHERE state IN ('pending', 'undoing') ORDER BY created_at, id LIMIT ${limit})
        UNION
        (SELECT id FROM registrations WHERE parked_at IS NOT NULL ORDER BY created_at, id LIMIT ${limit})))
      ORDER BY created_at, id LIMIT ${limit}`.catch(throwMapped);
  }

  async retry(now: Date, ids?: readonly string[]): Promise<string[]> {
    // Two statements, so that each has its index.
    const chosen = ids
      ? Prisma.sql`id = ANY(${[...ids]}::text[]) AND (parked_at IS NOT NULL OR state IN ('pending', 'undoing'))`
      : Prisma.sql`parked_at IS NOT NULL`;
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      UPDATE registrations SET parked_at = NULL, next_attempt_at = ${now}, attempts = 0, last_error = ${RETRIED},
        updated_at = ${now}
      WHERE state <> 'completed' AND ${chosen}
      RETURNING id`.catch(throwMapped);
    return rows.map(({ id }) => id);
  }

  async findByUserIds(userIds: readonly string[]): Promise<Pick<Registration, "id" | "state" | "keycloakUserId">[]> {
    if (userIds.length === 0) return [];
    return await this.prisma.$queryRaw<Pick<Registration, "id" | "state" | "keycloakUserId">[]>`
      SELECT id, state, keycloak_user_id AS "keycloakUserId" FROM registrations
      WHERE keycloak_user_id = ANY(${[...userIds]}::text[])`.catch(throwMapped);
  }

  private async move(
    id: string,
    from: RegistrationState[],
    data: {
      state: RegistrationState;
      keycloakUserId?: string | null;
      lastError?: string;
      updatedAt: Date;
      nextAttemptAt: Date | null;
    },
  ): Promise<boolean> {
    const { count } = await this.prisma.registration
      .updateMany({ where: { id, state: { in: from } }, data })
      .catch(throwMapped);
    return count > 0;
  }
}
