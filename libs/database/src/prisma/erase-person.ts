import { Prisma } from "../generated/client.ts";
import { ERASED_USERNAME, type ErasedRows } from "../ports/person-repository.ts";
import type { PrismaClient } from "./client.ts";
import { repeatableTransaction } from "./repeatable-transaction.ts";

/** What may be left in the details of an activity: neither of them names anybody. */
const KEPT_DETAILS = ["sessionId", "reason"];

/** What events that no subscriber has handled yet say instead of the person's own values. */
const ERASED_PAYLOAD = JSON.stringify({
  username: ERASED_USERNAME,
  email: null,
  firstName: null,
  lastName: null,
  emailVerified: false,
  enabled: false,
  ipAddress: null,
  userAgent: null,
});

/** Sessions are locked before their user: the order of every transaction that locks both. */
export async function erasePerson(prisma: PrismaClient, userId: string, now: Date): Promise<ErasedRows> {
  return await repeatableTransaction(prisma, async (tx) => {
    const run = (statement: Prisma.Sql) => tx.$executeRaw(statement);
    const sessions = await run(Prisma.sql`
      UPDATE sessions SET ip_address = NULL, user_agent = NULL WHERE session_id IN (
        SELECT session_id FROM sessions WHERE user_id = ${userId} ORDER BY session_id FOR UPDATE)`);
    const [row] = await tx.$queryRaw<{ email: string | null }[]>`
      SELECT email FROM users WHERE id = ${userId} FOR NO KEY UPDATE`;
    const email = row?.email ?? null;
    const activities = await run(Prisma.sql`
      UPDATE activity_logs SET ip_address = NULL, user_agent = NULL, details = (
        SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(details)
        WHERE key = ANY(${KEPT_DETAILS}::text[]))
      WHERE user_id = ${userId}`);
    const registrations = await eraseRegistrations(tx, userId, email);
    const roles = await run(Prisma.sql`
      DELETE FROM user_roles WHERE user_id = ${userId} OR lower(grantee_email) = lower(${email}::text)`);
    const carts = await run(Prisma.sql`DELETE FROM carts WHERE user_id = ${userId} AND status <> 'ordered'`);
    const users = await run(Prisma.sql`
      UPDATE users SET username = ${ERASED_USERNAME}, email = NULL, first_name = NULL, last_name = NULL,
        email_verified = false, enabled = false, store_id = NULL, organization_id = NULL, metadata = '{}',
        last_login_at = NULL, login_count = 0, deleted_at = coalesce(deleted_at, ${now}::timestamptz), updated_at = ${now},
        keycloak_ticket = nextval('keycloak_read_tickets')
      WHERE id = ${userId}`);
    const events = await eraseEvents(tx, userId);
    const ordersKept = await tx.order.count({ where: { userId } });
    return { users, sessions, activities, registrations, roles, carts, events, ordersKept };
  });
}

/** Those that nothing more is expected of; one that a late user may still turn up for is needed to find that user. */
async function eraseRegistrations(tx: Prisma.TransactionClient, userId: string, email: string | null): Promise<number> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    DELETE FROM registrations
    WHERE state IN ('completed', 'failed', 'undone') AND next_attempt_at IS NULL
      AND (keycloak_user_id = ${userId} OR lower(email) = lower(${email}::text))
    RETURNING id`;
  const ids = rows.map(({ id }) => id);
  // What such a request was answered names the person too.
  if (ids.length > 0) await tx.idempotencyKey.deleteMany({ where: { registrationId: { in: ids } } });
  return ids.length;
}

/** Those that wait: the outbox first, since what is dispatched meanwhile is in a queue by the second statement. */
async function eraseEvents(tx: Prisma.TransactionClient, userId: string): Promise<number> {
  const erased = (payload: Prisma.Sql) => Prisma.sql`${payload} || (
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${ERASED_PAYLOAD}::jsonb) WHERE ${payload} ? key)`;
  const waiting = await tx.$executeRaw`
    UPDATE domain_events SET payload = ${erased(Prisma.sql`payload`)} WHERE user_id = ${userId}`;
  const [{ exists } = { exists: false }] = await tx.$queryRaw<{ exists: boolean }[]>`
    SELECT to_regclass('pgboss.job') IS NOT NULL AS exists`;
  if (!exists) return waiting;
  const queued = await tx.$executeRaw`
    UPDATE pgboss.job SET data = jsonb_set(data, '{payload}', ${erased(Prisma.sql`(data -> 'payload')`)})
    WHERE singleton_key = ${userId} AND policy = 'key_strict_fifo'`;
  return waiting + queued;
}
