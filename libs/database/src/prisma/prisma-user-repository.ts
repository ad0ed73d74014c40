import { throwMapped } from "@libs/postgres";
import type { KeycloakTicket } from "../ports/feed-repository.ts";
import type { AppliedProfile, ApplyOptions, KeycloakProfile, User, UserRepository } from "../ports/user-repository.ts";
import { applyProfiles } from "./apply-profiles.ts";
import type { PrismaClient } from "./client.ts";
import { USER_COLUMNS } from "./columns.ts";
import { somebodySubscribes } from "./domain-event-sql.ts";
import { THIS_WRITE } from "./user-rows.ts";

/** `users` in PostgreSQL. */
export class PrismaUserRepository implements UserRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async findById(id: string): Promise<User | null> {
    const row = await this.prisma.user
      .findUnique({ where: { id }, omit: { keycloakTicket: true, eventVersion: true, keycloakCreatedAt: true } })
      .catch(throwMapped);
    return row && { ...row, metadata: row.metadata as User["metadata"] };
  }

  async findByUsername(username: string): Promise<User | null> {
    const rows = await this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE lower(username) = lower(${username}) AND deleted_at IS NULL`.catch(
      throwMapped,
    );
    return rows[0] ?? null;
  }

  async findByEmail(email: string): Promise<User | null> {
    const rows = await this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE lower(email) = lower(${email}) AND deleted_at IS NULL`.catch(throwMapped);
    return rows[0] ?? null;
  }

  findByIds(ids: readonly string[]): Promise<User[]> {
    return this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE id = ANY(${[...ids]}::text[])`.catch(throwMapped);
  }

  findHolders(profiles: readonly KeycloakProfile[]): Promise<User[]> {
    const names = JSON.stringify(profiles.map(({ id, username, email }) => ({ id, username, email })));
    return this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE id IN (
        SELECT held.id FROM jsonb_to_recordset(${names}::jsonb) AS wanted (id text, username text)
        JOIN users held ON lower(held.username) = lower(wanted.username) AND held.deleted_at IS NULL
        UNION
        SELECT held.id FROM jsonb_to_recordset(${names}::jsonb) AS wanted (id text, email text)
        JOIN users held ON lower(held.email) = lower(wanted.email) AND held.deleted_at IS NULL)
      AND id <> ALL(${profiles.map(({ id }) => id)}::text[])`.catch(throwMapped);
  }

  applyProfiles(
    profiles: readonly KeycloakProfile[],
    ticket: KeycloakTicket,
    now: Date,
    options?: ApplyOptions,
  ): Promise<AppliedProfile[]> {
    return applyProfiles(this.prisma, profiles, ticket, now, options);
  }

  async markDeleted(id: string, now: Date, ticket?: KeycloakTicket): Promise<boolean> {
    // Without a ticket this is the newest news there is. A tombstone's ticket moves too: a read from before must not
    // revive it.
    const rows = await this.prisma.$queryRaw<unknown[]>`
      WITH reading AS MATERIALIZED (
        SELECT coalesce(${ticket ?? null}::bigint, nextval('keycloak_read_tickets')) AS ticket
      ), gone AS (
        UPDATE users SET deleted_at = ${now}, updated_at = ${now}, keycloak_ticket = ${THIS_WRITE},
          event_version = event_version + ${somebodySubscribes}::int
        FROM reading WHERE id = ${id} AND deleted_at IS NULL AND keycloak_ticket < ticket
        RETURNING id, event_version
      ), moved AS (
        UPDATE users SET keycloak_ticket = ${THIS_WRITE}
        FROM reading WHERE id = ${id} AND deleted_at IS NOT NULL AND keycloak_ticket < ticket
      ), recorded AS (
        INSERT INTO domain_events (user_id, version, type, at)
        SELECT id, event_version, 'user.deleted', ${now}::timestamptz FROM gone WHERE ${somebodySubscribes}
      )
      SELECT id FROM gone`.catch(throwMapped);
    return rows.length > 0;
  }

  async countDeletedSince(since: Date): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM users WHERE deleted_at >= ${since}`.catch(throwMapped);
    return row?.count ?? 0;
  }
}
