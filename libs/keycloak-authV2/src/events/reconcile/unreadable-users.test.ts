// A user about whom Keycloak fails to answer is passed over: everybody else is compared.
import { beforeEach, expect, test } from "bun:test";
import { loginOf } from "@libs/database/testing";
import { createLogger } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { OutageRetry } from "../../services/bulk/outage-retry.ts";
import { syncUsers } from "../../services/bulk/sync-users.ts";
import type { ComposedDeps } from "../../services/sync/composed-deps.ts";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { keycloakUser } from "../../testing/log-in.ts";
import { compareAllUsers } from "./compare-all-users.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { reconcileSessions } from "./reconcile-sessions.ts";
import { newRound, type Round } from "./round.ts";

const BROKEN = "u00003";
let fixture: BulkFixture;
let run: ReconcileRun<ComposedDeps>;
let lines: { userId?: string }[];

beforeEach(async () => {
  fixture = createBulkFixture();
  fixture.addUsers(8);
  await syncUsers(fixture.bulkDeps, {});
  lines = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  run = {
    deps: { ...fixture.bulkDeps, logger },
    // As long as a call that times out: each is tried twice.
    retry: new OutageRetry({ outageMs: 0, firstDelayMs: 1 }),
    witnessId: fixture.keycloak.serviceAccount.id,
    pageSize: 200,
    passedOver: new Set(),
    comparesPasswords: async () => false,
    called: () => {},
  };
});

/** A session here that Keycloak does not have. */
async function endedSession(userId: string): Promise<void> {
  const user = keycloakUser(fixture, userId);
  const startedAt = new Date(fixture.clock.now - 60_000);
  await fixture.deps.sessions.recordLogin(loginOf({ profile: user, session: { startedAt } }));
}

async function stepThrough(steps: AsyncGenerator<void>): Promise<void> {
  for await (const _ of steps);
}

const reported = () => [...fixture.database.notices.values()].map(({ kind, subject }) => `${kind} ${subject}`).sort();

async function roundOfSessions(): Promise<Round> {
  const round = newRound(fixture.clock.now, 0);
  await stepThrough(reconcileSessions(run, round));
  return round;
}

async function roundOfUsers(): Promise<Round> {
  const round = newRound(fixture.clock.now, 0);
  await stepThrough(compareAllUsers(run, round, null));
  return round;
}

test.each(["listSessions", "listOfflineSessions"] as const)("sessions: %s fails for one", async (operation) => {
  for (const userId of ["u00002", BROKEN, "u00005"]) await endedSession(userId);
  fixture.database.notices.clear();
  const { keycloak } = run.deps;
  const call = keycloak[operation].bind(keycloak);
  keycloak[operation] = async (userId) => {
    if (userId === BROKEN) throw new AuthError("keycloak.unavailable");
    return call(userId);
  };
  expect(await roundOfSessions()).toMatchObject({ done: 3, found: 2, position: { after: "u00005" } });
  expect(reported()).toEqual(["sessions u00002", "sessions u00005"]);
  await roundOfSessions();
  expect(lines.filter(({ userId }) => userId === BROKEN)).toHaveLength(1);
});

test("sessions: those of nobody are listed, while users are: an outage, which is waited for", async () => {
  await endedSession("u00002");
  run.deps.keycloak.listSessions = () => Promise.reject(new AuthError("keycloak.unavailable"));
  await expect(roundOfSessions()).rejects.toMatchObject({ code: "bulk.outage" });
});

test("users: one whom lists don't bring is compared by id, as the others are", async () => {
  const { keycloak } = run.deps;
  // Their created times are known here from then on.
  await roundOfUsers();
  const searchUsers = keycloak.searchUsers.bind(keycloak);
  keycloak.searchUsers = async (search) => {
    const page = await searchUsers(search);
    if (page.some(({ id }) => id === BROKEN)) throw new AuthError("keycloak.timeout");
    return page;
  };
  for (const id of [BROKEN, "u00005"]) Object.assign(fixture.keycloak.users.get(id) ?? {}, { lastName: "Byron" });
  await roundOfUsers();
  expect(reported()).toEqual([`user ${BROKEN}`, "user u00005"]);
});

test("users: one whom Keycloak does not show at all is not taken for deleted", async () => {
  const { keycloak } = run.deps;
  // Their created times are known here from then on.
  await roundOfUsers();
  const [searchUsers, getUsers] = [keycloak.searchUsers.bind(keycloak), keycloak.getUsers.bind(keycloak)];
  keycloak.searchUsers = async (search) => {
    const page = await searchUsers(search);
    if (page.some(({ id }) => id === BROKEN)) throw new AuthError("keycloak.timeout");
    return page;
  };
  keycloak.getUsers = async (ids) => {
    if (ids.includes(BROKEN)) throw new AuthError("keycloak.timeout");
    return getUsers(ids);
  };
  Object.assign(fixture.keycloak.users.get("u00005") ?? {}, { lastName: "Byron" });
  await roundOfUsers();
  expect(reported()).toEqual(["user u00005"]);
});
