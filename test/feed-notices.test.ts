// What a notice names is read in the real Keycloak and written to the real database.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import {
  createDatabase,
  createRepositories,
  type NoticeKind,
  type PrismaClient,
  type Repositories,
} from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { KeycloakIntegrationService, UserSyncService } from "@libs/keycloak-authV2";
import { ChangeFeed } from "@libs/keycloak-authV2/events";
import { Registry } from "@libs/observability";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

let admin: KcAdminClient;
let prisma: PrismaClient;
let repositories: Repositories;
let integration: KeycloakIntegrationService;
let sync: UserSyncService;
let feed: ChangeFeed;
let registry: Registry;

beforeAll(async () => {
  const shared = await useStack();
  const stack = { ...shared, ...(await shared.createRealm()) };
  const { url } = await shared.createDatabase();
  admin = await realmAdmin(stack);
  prisma = createDatabase(url);
  repositories = createRepositories(prisma);
  registry = new Registry();
  const { keycloakUrl, realm, clientId, clientSecret } = stack;
  integration = KeycloakIntegrationService.create(
    { url: keycloakUrl, realm, clientId, clientSecret },
    prisma,
    registry,
  );
  const tokenEncryptionKeys = `test:${randomBytes(32).toString("base64")}`;
  sync = new UserSyncService(integration.userRepository, prisma, registry, { tokenEncryptionKeys });
  feed = new ChangeFeed(integration, prisma, registry, { tokenEncryptionKeys, readsEvents: false });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
});

async function inKeycloak(): Promise<{ id: string; person: Person }> {
  const person = newPerson();
  const id = await integration.userRepository.createUser({ ...person, emailVerified: true, enabled: true });
  return { id, person };
}

async function loggedIn(): Promise<{ id: string; person: Person; sessionId: string; keycloakSessionId: string }> {
  const { id, person } = await inKeycloak();
  const login = await integration.authenticateWithPassword(person.username, person.password);
  if (!login.success) throw login.error;
  const { sessionId, tokens, userId: keycloakUserId } = login;
  const keycloakSessionId = tokens.session_state;
  const sessionData = {
    sessionId,
    keycloakSessionId,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    idToken: tokens.id_token ?? null,
    tokenExpiresAt: new Date(Date.now() + 60_000),
    refreshExpiresAt: new Date(Date.now() + 600_000),
  };
  await sync.syncOnAuthentication({ ...login, keycloakUserId, sessionData });
  return { id, person, sessionId, keycloakSessionId };
}

/** Records notices, and has all of them handled once. */
async function handle(kind: NoticeKind, ...subjects: string[]): Promise<void> {
  const notices = subjects.map(
    (subject) => ({ kind, subject, source: "admin_events", changedAt: new Date() }) as const,
  );
  await repositories.feed.addNotices(notices, new Date());
  const sweep = feed.sweeps().find(({ name }) => name === "notices");
  while (((await sweep?.run()) ?? 0) > 0);
}

const rowOf = (id: string) => repositories.users.findById(id);
const endReasonOf = async (sessionId: string) => (await repositories.sessions.findById(sessionId))?.endReason;

test("many users at once: new ones, and after changes, their fields", async () => {
  const people = await Promise.all(Array.from({ length: 60 }, inKeycloak));
  const ids = people.map(({ id }) => id);
  await handle("user", ...ids);
  expect(await repositories.users.findByIds(ids)).toHaveLength(60);
  await Promise.all(ids.map((id, n) => admin.users.update({ id }, { lastName: `Byron ${n}`, enabled: n % 2 === 0 })));
  await handle("user", ...ids);
  const rows = new Map((await repositories.users.findByIds(ids)).map((row) => [row.id, row]));
  for (const [n, id] of ids.entries())
    expect(rows.get(id)).toMatchObject({ lastName: `Byron ${n}`, enabled: n % 2 === 0 });
});

test("emails that two users swapped", async () => {
  const [a, b] = [await inKeycloak(), await inKeycloak()];
  await handle("user", a.id, b.id);
  await admin.users.update({ id: a.id }, { email: `free-${a.person.email}` });
  await admin.users.update({ id: b.id }, { email: a.person.email });
  await admin.users.update({ id: a.id }, { email: b.person.email });
  await handle("user", b.id);
  expect([(await rowOf(a.id))?.email, (await rowOf(b.id))?.email]).toEqual([b.person.email, a.person.email]);
});

test("deleted, alone in its batch, and made again under the same name", async () => {
  const { id, person, sessionId } = await loggedIn();
  await admin.users.del({ id });
  await handle("user", id);
  expect((await rowOf(id))?.deletedAt).toBeInstanceOf(Date);
  expect(await endReasonOf(sessionId)).toBe("user_deleted");
  const again = await integration.userRepository.createUser({ ...person, emailVerified: true, enabled: true });
  await handle("user", again);
  expect(await rowOf(again)).toMatchObject({ username: person.username, deletedAt: null });
});

test("deleted and made again, and only the new one noticed", async () => {
  const { id, person } = await loggedIn();
  await admin.users.del({ id });
  const again = await integration.userRepository.createUser({ ...person, emailVerified: true, enabled: true });
  await handle("user", again);
  expect(await rowOf(again)).toMatchObject({ email: person.email, deletedAt: null });
  expect((await rowOf(id))?.deletedAt).toBeInstanceOf(Date);
});

test("a lost permission is not taken for an exodus", async () => {
  const { id } = await loggedIn();
  const getUsers = integration.userRepository.getUsers.bind(integration.userRepository);
  integration.userRepository.getUsers = async () => [];
  try {
    await handle("user", id);
  } finally {
    integration.userRepository.getUsers = getUsers;
  }
  expect((await rowOf(id))?.deletedAt).toBeNull();
  expect(feed.problems.list()).toMatchObject([{ kind: "deletions_paused" }]);
});

test("disabled: sessions end here, and are queued to end in Keycloak", async () => {
  const { id, sessionId, keycloakSessionId } = await loggedIn();
  await admin.users.update({ id }, { enabled: false });
  await handle("user", id);
  expect(await endReasonOf(sessionId)).toBe("user_disabled");
  const logouts = sync.sweeps().find(({ name }) => name === "logouts");
  await logouts?.run();
  expect((await integration.userRepository.listSessions(id)).map((session) => session.id)).not.toContain(
    keycloakSessionId,
  );
});

test("a session that an administrator ended, and only that", async () => {
  const [one, two] = [await loggedIn(), await loggedIn()];
  await integration.userRepository.deleteSession(one.keycloakSessionId);
  await handle("session", one.keycloakSessionId, two.keycloakSessionId);
  expect(await endReasonOf(one.sessionId)).toBe("ended_in_keycloak");
  expect(await endReasonOf(two.sessionId)).toBeNull();
});

test("a password that was reset", async () => {
  const { id, sessionId, keycloakSessionId } = await loggedIn();
  const credential = { type: "password", value: newPerson().password, temporary: false };
  await admin.users.resetPassword({ id, credential });
  await handle("credentials", id);
  expect(await endReasonOf(sessionId)).toBe("password_changed");
  expect((await prisma.keycloakLogout.findMany()).map((row) => row.keycloakSessionId)).toContain(keycloakSessionId);
});
