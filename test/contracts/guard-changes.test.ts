// What guards keep in memory is reported when it changes, by whomever; and a channel that is lost says so.
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { openGuardDatabase, PostgresGuardRepository } from "@libs/auth-guard";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { type GuardChange, PostgresChangeChannel } from "@libs/postgres";
import { SQL } from "bun";
import { eventually } from "../support/eventually.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

let url: string;
let sql: SQL;
const opened: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
  sql = new SQL(url, { max: 2 });
}, STACK_TIMEOUT_MS);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

async function listening(address = url, options: ConstructorParameters<typeof PostgresChangeChannel>[1] = {}) {
  const reported: GuardChange[] = [];
  const channel = new PostgresChangeChannel(address, options);
  opened.push(channel);
  channel.listen((change) => reported.push(change));
  await eventually(() => expect(channel.isUp()).toBe(true));
  reported.length = 0;
  return { channel, reported };
}

async function aUser(): Promise<string> {
  const id = crypto.randomUUID();
  await sql`INSERT INTO users (id, username, email, synced_at) VALUES (${id}, ${id}, ${`${id}@example.org`}, now())`;
  return id;
}

async function aSession(userId: string): Promise<string> {
  const sid = crypto.randomUUID();
  await sql`INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, token_expires_at, started_at, last_seen_at)
    VALUES (${crypto.randomUUID()}, ${userId}, ${sid}, 'x', now(), now(), now())`;
  return sid;
}

const expectReported = (reported: GuardChange[], ...changes: GuardChange[]) =>
  eventually(() => {
    expect(reported).toEqual(changes);
    reported.length = 0;
  }, 2000);

describe("changes are reported", () => {
  test("sessions: their end, once, and nothing of a refresh", async () => {
    const { reported } = await listening();
    const user = await aUser();
    const [first, second] = [await aSession(user), await aSession(user)];
    await sql`UPDATE sessions SET last_seen_at = now(), access_token = 'y' WHERE user_id = ${user}`;
    await sql`UPDATE sessions SET ended_at = now(), end_reason = 'logout', access_token = NULL WHERE keycloak_session_id = ${first}`;
    await sql`UPDATE sessions SET ended_at = now(), end_reason = 'logout', access_token = NULL WHERE keycloak_session_id = ${first}`;
    await sql`DELETE FROM sessions WHERE keycloak_session_id = ${second}`;
    await expectReported(reported, { kind: "sessions", ids: [first] }, { kind: "sessions", ids: [second] });
  });

  test("users: disabled, deleted, moved; not their names", async () => {
    const { reported } = await listening();
    const user = await aUser();
    const changed: GuardChange = { kind: "users", ids: [user] };
    await sql`UPDATE users SET first_name = 'Ada', enabled = true WHERE id = ${user}`;
    await sql`UPDATE users SET enabled = false WHERE id = ${user}`;
    await sql`UPDATE users SET deleted_at = now() WHERE id = ${user}`;
    await sql`DELETE FROM users WHERE id = ${user}`;
    await expectReported(reported, changed, changed, changed);
  });

  test("grants: one message a statement; everything, where a role's permissions change", async () => {
    const { reported } = await listening();
    const users = [await aUser(), await aUser()].sort();
    const [role] = await sql`INSERT INTO roles (name) VALUES (${crypto.randomUUID()}) RETURNING id`;
    await sql`INSERT INTO user_roles (user_id, role_id) VALUES (${users[0]}, ${role.id}), (${users[1]}, ${role.id})`;
    await expectReported(reported, { kind: "users", ids: users });
    const [other] = await sql`INSERT INTO roles (name) VALUES (${crypto.randomUUID()}) RETURNING id`;
    await sql`INSERT INTO user_roles (grantee_email, role_id) VALUES ('ada@example.org', ${other.id})`;
    await sql`UPDATE user_roles SET user_id = ${users[0]}, grantee_email = NULL WHERE grantee_email = 'ada@example.org'`;
    await expectReported(reported, { kind: "users", ids: [users[0] as string] });
    const [permission] = await sql`INSERT INTO permissions (name) VALUES ('orders:write') RETURNING id`;
    await sql`INSERT INTO role_permissions (role_id, permission_id) VALUES (${role.id}, ${permission.id})`;
    await expectReported(reported, { kind: "everything" });
    await sql`DELETE FROM user_roles WHERE user_id = ${users[1]}`;
    await expectReported(reported, { kind: "users", ids: [users[1] as string] });

    const database = openGuardDatabase(url);
    const guard = new PostgresGuardRepository(database.run);
    const grants = [{ permission: "orders:write", storeId: null, organizationId: null }];
    expect(await guard.findUser(users[0] as string)).toEqual({ storeId: null, organizationId: null, grants });
    expect(await guard.findUser(users[1] as string)).toEqual({ storeId: null, organizationId: null, grants: [] });
    const sid = await aSession(users[0] as string);
    expect(await guard.findSession(sid)).toMatchObject({ userId: users[0] });
    await sql`UPDATE sessions SET ended_at = now(), end_reason = 'logout', access_token = NULL WHERE keycloak_session_id = ${sid}`;
    expect(await guard.findSession(sid)).toBeNull();
    await sql`UPDATE users SET enabled = false WHERE id = ${users[0]}`;
    expect(await guard.findUser(users[0] as string)).toBeNull();
    await database.close();
  });

  test("more users than fit into a message: everything", async () => {
    const { reported } = await listening();
    const [role] = await sql`INSERT INTO roles (name) VALUES (${crypto.randomUUID()}) RETURNING id`;
    await sql`INSERT INTO users (id, username, synced_at)
      SELECT 'many-' || n || repeat('x', 40), 'many-' || n, now() FROM generate_series(1, 300) AS n`;
    await sql`INSERT INTO user_roles (user_id, role_id) SELECT id, ${role.id} FROM users WHERE id LIKE 'many-%'`;
    await expectReported(reported, { kind: "everything" });
  });

  test("what is rolled back is not reported", async () => {
    const { reported } = await listening();
    const user = await aUser();
    await sql
      .begin(async (tx) => {
        await tx`UPDATE users SET enabled = false WHERE id = ${user}`;
        throw new Error("undone");
      })
      .catch(() => {});
    await sql`UPDATE users SET store_id = NULL, deleted_at = now() WHERE id = ${user}`;
    await expectReported(reported, { kind: "users", ids: [user] });
  });
});

describe("a lost channel", () => {
  const through = async () => {
    const target = new URL(url);
    const proxy = await TcpProxy.to(target.hostname, Number(target.port || 5432));
    opened.push({ close: () => proxy.stop() });
    const proxied = Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(proxy.port) }).href;
    const states: boolean[] = [];
    const { channel, reported } = await listening(proxied, {
      beatMs: 100,
      silenceMs: 400,
      onState: (up) => states.push(up),
    });
    return { proxy, channel, reported, states };
  };

  test("cut: it says so, forgets everything, and comes back", async () => {
    const { proxy, channel, reported, states } = await through();
    proxy.mode = "refuse";
    await eventually(() => expect(channel.isUp()).toBe(false), 1000);
    expect(reported).toContainEqual({ kind: "everything" });
    proxy.mode = "pass";
    await eventually(() => expect(channel.isUp()).toBe(true), 5000);
    expect(states).toEqual([true, false, true]);
  });

  test("never there: it says so", async () => {
    const states: boolean[] = [];
    const nowhere = Object.assign(new URL(url), { hostname: "127.0.0.1", port: "1" }).href;
    const channel = new PostgresChangeChannel(nowhere, { onState: (up) => states.push(up) });
    opened.push(channel);
    channel.listen(() => {});
    await eventually(() => expect(states).toEqual([false]), 2000);
  });

  test("silent: noticed by its own messages, within the stated silence", async () => {
    const { proxy, channel } = await through();
    const startedAt = performance.now();
    proxy.mode = "black-hole";
    await eventually(() => expect(channel.isUp()).toBe(false), 1000);
    expect(performance.now() - startedAt).toBeLessThan(700);
    proxy.mode = "pass";
    await eventually(() => expect(channel.isUp()).toBe(true), 8000);
  });
});
