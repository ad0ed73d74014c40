import { TransactionConflictError } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type { UserPayload } from "../ports/domain-event.ts";
import type { KeycloakTicket } from "../ports/feed-repository.ts";
import type { NewDomainEvent } from "../ports/profile-change.ts";
import type { NamedWrite } from "../ports/share-names.ts";
import type { KeycloakProfile } from "../ports/user-repository.ts";
import { somebodySubscribes } from "./domain-event-sql.ts";

/** A client, or a transaction on it. */
export type Transaction = Prisma.TransactionClient;

/** What a row holds of Keycloak's, and how it stands to a read of Keycloak. */
export interface KnownUser extends UserPayload {
  id: string;
  /** A tombstone. */
  gone: boolean;
  /** Written since the read began. */
  newer: boolean;
}

export interface UserWrite extends UserPayload {
  id: string;
  known: boolean;
  events: readonly NewDomainEvent[];
}

export interface UserWrites {
  writes: readonly UserWrite[];
  /** Those of the rows written whose names another of them gets. */
  givers: readonly string[];
  unchanged: readonly string[];
  now: Date;
}

export function readUsers(db: Transaction, ids: readonly string[], ticket: KeycloakTicket) {
  return selectUsers(db, ids, ticket, Prisma.empty);
}

/** Every statement that locks several users does so in the order of their ids, so that no two wait for each other. */
export function lockUsers(tx: Transaction, ids: readonly string[], ticket: KeycloakTicket) {
  return selectUsers(tx, ids, ticket, Prisma.sql`ORDER BY id FOR NO KEY UPDATE`);
}

async function selectUsers(
  db: Transaction,
  ids: readonly string[],
  ticket: KeycloakTicket,
  locking: Prisma.Sql,
): Promise<Map<string, KnownUser>> {
  const rows = await db.$queryRaw<KnownUser[]>`
    SELECT id, username, email, first_name AS "firstName", last_name AS "lastName", email_verified AS "emailVerified",
      enabled, deleted_at IS NOT NULL AS gone, keycloak_ticket >= ${ticket}::bigint AS newer
    FROM users WHERE id = ANY(${ids}::text[]) ${locking}`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** Who holds the names that these are to get, and whether somebody is registering one of them. */
export function readNames(
  tx: Transaction,
  profiles: readonly KeycloakProfile[],
): Promise<(NamedWrite & { unfinished: boolean })[]> {
  const named = JSON.stringify(profiles.map(({ id, username, email }, n) => ({ n, id, username, email })));
  return tx.$queryRaw`
    SELECT wanted.id, lower(wanted.username) AS username, lower(wanted.email) AS email,
      (SELECT id FROM users held WHERE lower(held.username) = lower(wanted.username) AND deleted_at IS NULL)
        AS "usernameHolder",
      (SELECT id FROM users held WHERE lower(held.email) = lower(wanted.email) AND deleted_at IS NULL)
        AS "emailHolder",
      EXISTS (SELECT FROM registrations WHERE state IN ('pending', 'undoing')
        AND (lower(registrations.username) = lower(wanted.username)
          OR lower(registrations.email) = lower(wanted.email))) AS unfinished
    FROM jsonb_to_recordset(${named}::jsonb) AS wanted (n int, id text, username text, email text)
    ORDER BY n`;
}

/** This statement's own number: a read with a higher one began after that which is written here had ended. */
export const THIS_WRITE = Prisma.sql`(SELECT nextval('keycloak_read_tickets'))`;

/**
 * Writes locked rows, and inserts new ones.
 * @throws TransactionConflictError when a new one is there by now
 */
export async function writeUsers(tx: Transaction, { writes, givers, unchanged, now }: UserWrites): Promise<void> {
  if (unchanged.length > 0)
    await tx.$executeRaw`UPDATE users SET keycloak_ticket = ${THIS_WRITE} WHERE id = ANY(${unchanged}::text[])`;
  if (writes.length === 0) return;
  // A row that is no live one holds no names. Until it is written below, that is; nobody else sees it.
  if (givers.length > 0)
    await tx.$executeRaw`UPDATE users SET deleted_at = ${now}::timestamptz WHERE id = ANY(${givers}::text[])`;
  const written = await tx.$queryRaw<unknown[]>`
    WITH subscribed AS MATERIALIZED (SELECT ${somebodySubscribes} AS yes),
    written AS MATERIALIZED (
      SELECT *, CASE WHEN (SELECT yes FROM subscribed) THEN jsonb_array_length(events) ELSE 0 END AS event_count
      FROM jsonb_to_recordset(${JSON.stringify(writes)}::jsonb) AS written (id text, username text, email text,
        "firstName" text, "lastName" text, "emailVerified" boolean, enabled boolean, known boolean, events jsonb)
    ), updated AS (
      UPDATE users SET username = written.username, email = written.email, first_name = written."firstName",
        last_name = written."lastName", email_verified = written."emailVerified", enabled = written.enabled,
        synced_at = ${now}, updated_at = ${now}, deleted_at = NULL, keycloak_ticket = ${THIS_WRITE},
        event_version = event_version + event_count
      FROM written WHERE users.id = written.id AND known
      RETURNING users.id, event_version
    ), inserted AS (
      INSERT INTO users (id, username, email, first_name, last_name, email_verified, enabled, synced_at, created_at,
        updated_at, keycloak_ticket, event_version)
      SELECT id, username, email, "firstName", "lastName", "emailVerified", enabled, ${now}::timestamptz,
        ${now}::timestamptz, ${now}::timestamptz, ${THIS_WRITE}, event_count
      FROM written WHERE NOT known ORDER BY lower(username), id
      ON CONFLICT (id) DO NOTHING RETURNING id, event_version
    ), stored AS (
      SELECT id, event_version FROM updated UNION ALL SELECT id, event_version FROM inserted
    ), logged AS (
      INSERT INTO domain_events (user_id, version, type, payload, at)
      SELECT stored.id, event_version - event_count + event.number, event.value->>'type', event.value->'payload',
        ${now}::timestamptz
      FROM stored JOIN written ON written.id = stored.id,
        jsonb_array_elements(events) WITH ORDINALITY AS event (value, number)
      WHERE event_count > 0 ORDER BY stored.id, event.number
    )
    SELECT id FROM stored`;
  if (written.length < writes.length) throw new TransactionConflictError("a new user was inserted meanwhile");
}
