import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { Difference, RepairOutcome, VerifyOptions } from "@libs/keycloak-authV2/services/bulk";
import { createBulkService } from "./support/bulk-service.ts";
import { amount } from "./support/long-form.ts";
import { type ImportedUser, importUsers, manyUsers } from "./support/many-users.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { recordSecret } from "./support/secrets-seen.ts";

const replicas = useReplicas();
/** Differences of each kind. */
const each = amount(15, 1_000);
const users = manyUsers(each * 20);
/** Users that one kind of difference is planted in. */
const part = (place: number) => users.slice(place * each, (place + 1) * each);
const people = Array.from({ length: 3 }, () => newPerson());
let service: ReturnType<typeof createBulkService>;
let ids: string[] = [];

beforeAll(async () => {
  const { stack, admin } = replicas;
  service = createBulkService(stack);
  const enabled = users.map((user) => ({ ...user, enabled: true }));
  await importUsers(admin, stack.realm, enabled);
  for (const { password: value, ...person } of people)
    await admin.users.create({ ...person, enabled: true, credentials: [{ type: "password", value }] });
  await service.bulk.sync();
  // Live sessions that Keycloak has too: nothing may be said of these.
  for (const person of people) {
    const [row] = await replicas.sql`SELECT id FROM users WHERE username = ${person.username}`;
    const login = await service.integration.authenticateWithPassword(person.username, person.password);
    for (const secret of [login.tokens?.access_token, login.tokens?.refresh_token]) if (secret) recordSecret(secret);
    await addSession(row.id, login.tokens?.session_state);
  }
  const rows: { id: string }[] = await replicas.sql`SELECT id FROM users ORDER BY id`;
  ids = rows.map(({ id }) => id);
  await replicas.sql`UPDATE users SET metadata = jsonb_build_object('loyalty', id), login_count = 7`;
}, 600_000);
afterAll(() => service?.close());

async function addSession(userId: string, sid = randomBytes(18).toString("base64url")): Promise<string> {
  await replicas.sql`
    INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, token_expires_at, refresh_expires_at,
      started_at, last_seen_at)
    VALUES (${`session-${sid}`}, ${userId}, ${sid}, 'sealed', now() + interval '5 minutes', now() + interval '1 hour', now(), now())`;
  return sid;
}

async function verify(options: VerifyOptions = {}): Promise<{ found: Difference[]; counts: Record<string, number> }> {
  const found: Difference[] = [];
  const onDifference = (one: Difference) => void found.push(one);
  const { differences } = await service.bulk.verify({ settleMs: 100, ...options, onDifference });
  return { found, counts: differences };
}

/** The columns that Keycloak does not own, of every row. */
async function localColumns(): Promise<string> {
  const [row] = await replicas.sql`
    SELECT md5(string_agg(concat_ws('|', id, store_id, organization_id, metadata, last_login_at, login_count, created_at),
      ',' ORDER BY id)) AS local FROM users WHERE id = ANY(${replicas.sql.array(ids, "TEXT")})`;
  return row.local;
}

const idsOf = (list: readonly ImportedUser[]) =>
  replicas.sql.array(
    list.map(({ id }) => id),
    "TEXT",
  );

const sorted = (differences: readonly object[]) => differences.map((one) => JSON.stringify(one)).toSorted();

/** Plants differences of each kind behind the product's back. @returns what is to be found */
async function plant(): Promise<Difference[]> {
  const { sql, admin } = replicas;
  const subject = ({ id: userId, username }: ImportedUser) => ({ userId, username });
  const expected: Difference[] = [];

  await sql`DELETE FROM users WHERE id = ANY(${idsOf(part(0))})`;
  for (const user of part(0)) expected.push({ kind: "missing", ...subject(user), local: "none" });
  await sql`UPDATE users SET deleted_at = now() WHERE id = ANY(${idsOf(part(1))})`;
  for (const user of part(1)) expected.push({ kind: "missing", ...subject(user), local: "tombstone" });

  await sql`UPDATE users SET email = 'else-' || email WHERE id = ANY(${idsOf(part(2))})`;
  await sql`UPDATE users SET first_name = 'Byron' WHERE id = ANY(${idsOf(part(3))})`;
  await sql`UPDATE users SET last_name = NULL WHERE id = ANY(${idsOf(part(4))})`;
  await sql`UPDATE users SET email_verified = NOT email_verified WHERE id = ANY(${idsOf(part(5))})`;
  await sql`UPDATE users SET enabled = false WHERE id = ANY(${idsOf(part(6))})`;
  await sql`UPDATE users SET username = upper(username) WHERE id = ANY(${idsOf(part(7))})`;
  for (const [place, field, local] of [
    [2, "email", ({ email }: ImportedUser) => `else-${email}`],
    [3, "firstName", () => "Byron"],
    [4, "lastName", () => null],
    [5, "emailVerified", ({ emailVerified }: ImportedUser) => !emailVerified],
    [6, "enabled", () => false],
    [7, "username", ({ username }: ImportedUser) => username.toUpperCase()],
  ] as const)
    for (const user of part(place)) {
      const keycloak = field === "enabled" ? true : (user[field] as string | boolean);
      expected.push({ kind: "field", ...subject(user), field, keycloak, local: local(user) });
    }

  for (const user of part(8)) {
    await admin.users.del({ id: user.id });
    expected.push({ kind: "extra", ...subject(user) });
  }

  const reasons = ["ended_in_keycloak", "user_disabled", "user_deleted"] as const;
  for (const [place, reason] of reasons.entries())
    for (const user of part(9 + place)) {
      const sid = await addSession(user.id);
      const session = { sessionId: `session-${sid}`, keycloakSessionId: sid };
      expected.push({ kind: "session", ...subject(user), ...session, reason });
    }
  for (const { id } of part(10)) await admin.users.update({ id }, { enabled: false });
  await sql`UPDATE users SET enabled = false WHERE id = ANY(${idsOf(part(10))})`;
  for (const { id } of part(11)) await admin.users.del({ id });
  await sql`UPDATE users SET deleted_at = now() WHERE id = ANY(${idsOf(part(11))})`;
  return expected;
}

test("verify finds every planted difference and nothing else; repair removes them all and touches no local column", async () => {
  expect((await verify()).found).toEqual([]);
  const expected = await plant();
  const planted = await localColumns();
  const { found, counts } = await verify();
  expect(sorted(found)).toEqual(sorted(expected));
  expect(counts).toEqual({ missing: 2 * each, field: 6 * each, extra: each, session: 3 * each });
  expect(await localColumns()).toBe(planted);

  const held = await service.bulk.repair({ settleMs: 100, only: ["extra"] });
  expect(held.outcomes).toEqual({ repaired: 0, planned: 0, held: each, failed: 0 });
  const dry = await service.bulk.repair({ settleMs: 100, dryRun: true, allowDeletes: true });
  expect(dry.outcomes).toEqual({ repaired: 0, planned: expected.length, held: 0, failed: 0 });
  expect(sorted((await verify()).found)).toEqual(sorted(expected));

  const outcomes: RepairOutcome[] = [];
  const onRepair = (_: Difference, outcome: RepairOutcome) => void outcomes.push(outcome);
  await service.bulk.repair({ settleMs: 100, allowDeletes: true, onRepair });
  expect(new Set(outcomes)).toEqual(new Set(["repaired"]));
  expect(outcomes).toHaveLength(expected.length);
  expect((await verify()).found).toEqual([]);

  // Rows that were missing are new, and have no local past.
  ids = ids.filter((id) => !part(0).some((user) => user.id === id));
  expect(await localColumns()).toBe(planted);
  const [row] = await replicas.sql`SELECT count(*)::int AS live FROM sessions WHERE ended_at IS NULL`;
  expect(row.live).toBe(people.length);
}, 600_000);
