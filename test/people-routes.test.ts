// What people see and do about themselves, on the real stack.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { AccessService, definePermissions } from "@libs/keycloak-authV2/services/access";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { useJourney } from "./support/journey.ts";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

interface Me {
  user: { id: string; username: string; emailVerified: boolean; storeId: string | null; lastLoginAt: string | null };
  session: { id: string; startedAt: string };
  roles: string[];
  permissions: { permission: string; storeId: string | null; organizationId: string | null }[];
}
interface ListedSession {
  id: string;
  current: boolean;
  device: { browser: string | null; os: string | null; type: string | null };
  ipAddress: string | null;
}
interface ActivityPage {
  activities: { type: string; ipAddress: string | null; details: Record<string, unknown> }[];
  nextCursor: string | null;
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
const by = { id: "test" };
const journey = useJourney();
let database: PrismaClient;
let access: AccessService;

beforeAll(async () => {
  database = createDatabase(journey.databaseUrl, { poolSize: 2 });
  access = new AccessService(createRepositories(database));
  await access.registerPermissions(
    definePermissions({ "orders:read": "See orders.", "orders:write": "Place orders." }),
  );
  await access.defineRole({ name: "clerk", permissions: ["orders:read", "orders:write"] }, by);
  await journey.sql`INSERT INTO stores ${journey.sql({ id: "store-1", name: "First store" })}`;
});
afterAll(() => database?.$disconnect());

async function logIn({ username, password }: Person, userAgent = firefox, address = "198.51.100.7") {
  const client = new AuthClient(journey.gateway.url, { "x-forwarded-for": address, "user-agent": userAgent });
  const { status, body } = await client.login<LoggedIn>({ username, password });
  expect(status).toBe(200);
  const { tokens, sessionId } = body;
  const bearer = new AuthClient(journey.gateway.url, { authorization: `Bearer ${tokens.access_token}` });
  return { bearer, sessionId, tokens, keycloakSessionId: tokens.session_state };
}

async function register(person = newPerson()) {
  const client = new AuthClient(journey.gateway.url, { "user-agent": firefox });
  const { status, body } = await client.register(person);
  expect(status).toBe(201);
  return { person, userId: body.userId };
}

test("/auth/me shows the user, the session and what one may do; a role waits for the email to be verified", async () => {
  const person = newPerson();
  await access.grant({ role: "clerk", to: { email: person.email }, scope: { storeId: "store-1" } }, by);
  const { userId } = await register(person);
  const before = await logIn(person);
  const { status, body } = await before.bearer.get<Me>("/auth/me");
  expect(status).toBe(200);
  expect(body.user).toMatchObject({ id: userId, username: person.username, emailVerified: false });
  expect(body.session.id).toBe(before.sessionId);
  expect(body.permissions).toEqual([]);

  await (await realmAdmin(journey.stack)).users.update({ id: userId }, { email: person.email, emailVerified: true });
  // A login before the change feed has it is one with the email verified, too.
  const granted = ["orders:read", "orders:write"].map((permission) => {
    return { permission, storeId: "store-1", organizationId: null };
  });
  await eventually(async () => {
    const { permissions } = (await before.bearer.get<Me>("/auth/me")).body;
    expect(permissions.toSorted((a, b) => (a.permission < b.permission ? -1 : 1))).toEqual(granted);
  });
  await access.revoke({ role: "clerk", to: { email: person.email }, scope: { storeId: "store-1" } }, by);
  await eventually(async () => expect((await before.bearer.get<Me>("/auth/me")).body.permissions).toEqual([]));
});

describe("sessions", () => {
  test("are listed with their device; each can be ended from another, here and in Keycloak", async () => {
    const { person, userId } = await register();
    const [phone, desk] = [await logIn(person, "curl/8.5.0", "203.0.113.9"), await logIn(person)];
    const listed = (await desk.bearer.get<{ sessions: ListedSession[] }>("/auth/sessions")).body.sessions;
    expect(listed).toMatchObject([
      { id: desk.sessionId, current: true, device: { browser: "Firefox 133", os: "Linux", type: "desktop" } },
      { id: phone.sessionId, current: false, ipAddress: "203.0.113.9" },
    ]);

    expect((await desk.bearer.delete(`/auth/sessions/${phone.sessionId}`)).status).toBe(200);
    const again = await desk.bearer.delete<ProblemBody>(`/auth/sessions/${phone.sessionId}`);
    expect([again.status, again.body.code]).toEqual([404, "session.not_found"]);
    await eventually(async () => expect((await phone.bearer.get("/auth/me")).status).toBe(401));
    const { sessionId, tokens } = phone;
    const refreshed = await journey.client.refresh({ sessionId, refreshToken: tokens.refresh_token });
    expect(refreshed.status).toBe(401);
    const admin = await realmAdmin(journey.stack);
    await eventually(async () => {
      const inKeycloak = await admin.users.listSessions({ id: userId });
      expect(inKeycloak.map(({ id }) => id)).toEqual([desk.keycloakSessionId]);
    });
    expect((await desk.bearer.get("/auth/me")).status).toBe(200);
  });

  test("of another person are not found, and stay", async () => {
    const [ada, eve] = [await register(), await register()];
    const [hers, mine] = [await logIn(ada.person), await logIn(eve.person)];
    const answer = await mine.bearer.delete<ProblemBody>(`/auth/sessions/${hers.sessionId}`);
    expect([answer.status, answer.body.code]).toEqual([404, "session.not_found"]);
    expect((await hers.bearer.get("/auth/me")).status).toBe(200);
    const listed = (await mine.bearer.get<{ sessions: ListedSession[] }>("/auth/sessions")).body.sessions;
    expect(listed.map(({ id }) => id)).toEqual([mine.sessionId]);
  });

  test("all end at once, nobody else's", async () => {
    const [ada, eve] = [await register(), await register()];
    const [first, second, others] = [await logIn(ada.person), await logIn(ada.person), await logIn(eve.person)];
    const answer = await first.bearer.post("/auth/logout-all", {});
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ message: "Logged out everywhere", ended: 2, complete: true });
    for (const { bearer } of [first, second])
      await eventually(async () => expect((await bearer.get("/auth/me")).status).toBe(401));
    const admin = await realmAdmin(journey.stack);
    await eventually(async () => expect(await admin.users.listSessions({ id: ada.userId })).toEqual([]));
    expect((await others.bearer.get("/auth/me")).status).toBe(200);
  });
});

test("the activity log shows what happened, page by page, and keeps no name that nobody has", async () => {
  const { person, userId } = await register();
  const wrong = new AuthClient(journey.gateway.url, { "x-forwarded-for": "203.0.113.66", "user-agent": firefox });
  expect((await wrong.login({ username: person.email, password: "wrong" })).status).toBe(401);
  const typed = `not-a-name-${crypto.randomUUID()}`;
  expect((await wrong.login({ username: typed, password: "wrong" })).status).toBe(401);
  const { bearer, sessionId } = await logIn(person);
  await access.grant({ role: "clerk", to: { userId } }, by);

  const types: string[] = [];
  const seen: ActivityPage["activities"] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const path: string = `/auth/activity?limit=1${cursor && `&cursor=${cursor}`}`;
    const { status, body }: { status: number; body: ActivityPage } = await bearer.get<ActivityPage>(path);
    expect(status).toBe(200);
    expect(body.activities.length).toBeLessThanOrEqual(1);
    seen.push(...body.activities);
    types.push(...body.activities.map(({ type }) => type));
    cursor = body.nextCursor;
  }
  expect(types).toEqual(["role.granted", "session.started", "login.failed", "user.registered"]);
  expect(seen[0]?.details).toEqual({ role: "clerk" });
  expect(seen[1]).toMatchObject({ ipAddress: "198.51.100.7", details: { sessionId } });
  expect(seen[2]).toMatchObject({ ipAddress: "203.0.113.66", details: { reason: "auth.invalid_credentials" } });

  const rows = await journey.sql`SELECT user_id, ip_address, user_agent, row_to_json(activity_logs)::text AS text
    FROM activity_logs WHERE type = 'login.failed' ORDER BY id`;
  const nobodys = rows.filter((row: { user_id: string | null }) => row.user_id === null);
  expect(nobodys).toHaveLength(1);
  expect(nobodys[0]).toMatchObject({ ip_address: "203.0.113.66", user_agent: firefox });
  expect(nobodys[0].text).not.toContain(typed);
});
