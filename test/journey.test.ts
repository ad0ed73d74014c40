import { describe, expect, test } from "bun:test";
import { decodeJwt } from "jose";
import { AuthClient } from "./support/auth-client.ts";
import { useJourney } from "./support/journey.ts";
import { keycloakUserOf, newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const journey = useJourney();
const clientIp = "198.51.100.23";
const userAgent = "journey-test/1.0";

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

describe("register → login → refresh → logout", () => {
  test("leaves on both sides exactly what was asked for, and nothing live at the end", async () => {
    const { stack, sql, gateway } = journey;
    const admin = await realmAdmin(stack);
    const client = new AuthClient(gateway.url, { "x-forwarded-for": clientIp, "user-agent": userAgent });
    await sql`INSERT INTO stores ${sql({ id: "store-1", name: "First store" })}`;
    await sql`INSERT INTO organizations ${sql({ id: "org-1", name: "First organization" })}`;
    const person = newPerson();
    const metadata = { newsletter: true, tags: ["a", "b"] };

    const registered = await client.register({ ...person, storeId: "store-1", organizationId: "org-1", metadata });
    expect(registered.status).toBe(201);
    expect(registered.body.message).toBe("User registered successfully");
    const { userId } = registered.body;
    const inKeycloak = await admin.users.findOne({ id: userId });
    expect(inKeycloak).toMatchObject({
      username: person.username,
      email: person.email,
      firstName: person.firstName,
      lastName: person.lastName,
      enabled: true,
      emailVerified: false,
    });
    const [user] = await sql`SELECT * FROM users WHERE id = ${userId}`;
    expect(user).toMatchObject({
      username: person.username,
      email: person.email,
      first_name: person.firstName,
      last_name: person.lastName,
      email_verified: false,
      enabled: true,
      store_id: "store-1",
      organization_id: "org-1",
      metadata,
      last_login_at: null,
      login_count: 0,
      deleted_at: null,
    });
    const [registration] = await sql`SELECT * FROM registrations WHERE keycloak_user_id = ${userId}`;
    expect(registration).toMatchObject({ state: "completed", last_error: null });

    const loggedIn = await client.login({ username: person.email, password: person.password });
    expect(loggedIn.status).toBe(200);
    const { tokens, sessionId } = loggedIn.body;
    expect(loggedIn.body.user).toEqual({
      id: userId,
      email: person.email,
      username: person.username,
      firstName: person.firstName,
      lastName: person.lastName,
    });
    const [keycloakSession] = await admin.users.listSessions({ id: userId });
    const [session] = await sql`SELECT * FROM sessions WHERE session_id = ${sessionId}`;
    expect(session.keycloak_session_id).toBe(keycloakSession?.id);
    expect(session.keycloak_session_id).toBe(tokens.session_state);
    expect(session.ip_address).toBe(clientIp);
    expect(keycloakSession?.ipAddress).toBe(clientIp);
    expect(session.user_agent).toBe(userAgent);
    expect(session.user_id).toBe(userId);
    expect(session.ended_at).toBeNull();
    // Keycloak keeps the start in whole seconds, taken moments before the token's own `iat`.
    expect(Math.abs(session.started_at.getTime() - (keycloakSession?.start ?? 0))).toBeLessThanOrEqual(1000);
    expect(seconds(session.token_expires_at)).toBe(decodeJwt(tokens.access_token).exp ?? 0);
    expect(seconds(session.refresh_expires_at)).toBe(decodeJwt(tokens.refresh_token).exp ?? 0);
    for (const [column, token] of [
      ["access_token", tokens.access_token],
      ["refresh_token", tokens.refresh_token],
      ["id_token", tokens.id_token],
    ] as const) {
      expect(session[column]).toStartWith("v1.");
      expect(session[column]).not.toContain(token?.slice(-20) ?? "");
    }
    const [afterLogin] = await sql`SELECT * FROM users WHERE id = ${userId}`;
    expect(afterLogin.login_count).toBe(1);
    expect(Math.abs(afterLogin.last_login_at.getTime() - Date.now())).toBeLessThan(60_000);

    const refreshed = await client.refresh({ refreshToken: tokens.refresh_token, sessionId });
    expect(refreshed.status).toBe(200);
    const next = refreshed.body.tokens;
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    const [afterRefresh] = await sql`SELECT * FROM sessions WHERE session_id = ${sessionId}`;
    expect(seconds(afterRefresh.token_expires_at)).toBe(decodeJwt(next.access_token).exp ?? 0);
    expect(seconds(afterRefresh.refresh_expires_at)).toBe(decodeJwt(next.refresh_token).exp ?? 0);
    expect(afterRefresh.refresh_token_hash).not.toBe(session.refresh_token_hash);

    const loggedOut = await client.logout({ sessionId, refreshToken: next.refresh_token });
    expect(loggedOut.status).toBe(200);
    expect(loggedOut.body).toEqual({ message: "Logged out successfully" });
    expect(await admin.users.listSessions({ id: userId })).toEqual([]);
    const [ended] = await sql`SELECT * FROM sessions WHERE session_id = ${sessionId}`;
    expect(ended.ended_at).toBeInstanceOf(Date);
    expect(ended.end_reason).toBe("logout");
    expect(ended.refresh_token).toBeNull();
    const activities = await sql`SELECT type FROM activity_logs WHERE user_id = ${userId} ORDER BY at, id`;
    const types = activities.map(({ type }: { type: string }) => type);
    expect(new Set(types)).toEqual(new Set(["user.registered", "session.started", "session.ended"]));

    const replay = await client.refresh({ refreshToken: next.refresh_token, sessionId });
    expect(replay.status).toBe(401);
  });

  test("a logout can be repeated", async () => {
    const { client } = journey;
    const person = newPerson();
    await client.register(person);
    const { body } = await client.login(person);
    const out = { sessionId: body.sessionId, refreshToken: body.tokens.refresh_token };
    expect((await client.logout(out)).status).toBe(200);
    expect((await client.logout(out)).status).toBe(200);
  });

  test("a user made in Keycloak alone is provisioned by the first login", async () => {
    const { client, stack, sql } = journey;
    const admin = await realmAdmin(stack);
    const person = newPerson();
    const { username, email, password } = person;
    const { id } = await admin.users.create({ ...keycloakUserOf(person), emailVerified: true });
    const login = await client.login({ username, password });
    expect(login.status).toBe(200);
    const [row] = await sql`SELECT * FROM users WHERE id = ${id}`;
    expect(row).toMatchObject({ username, email, email_verified: true, enabled: true, login_count: 1 });
  });

  test("a name that was freed in Keycloak does not block its new owner", async () => {
    const { client, stack, sql } = journey;
    const admin = await realmAdmin(stack);
    const first = newPerson();
    const { body } = await client.register(first);
    await admin.users.del({ id: body.userId });
    const again = await client.register(first);
    expect(again.status).toBe(201);
    const [old] = await sql`SELECT deleted_at FROM users WHERE id = ${body.userId}`;
    expect(old.deleted_at).toBeInstanceOf(Date);
    expect((await client.login(first)).status).toBe(200);
  });
});
