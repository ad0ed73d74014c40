// Several replicas on one database, on fakes: a refresher each, sharing rows and Keycloak but no memory.
import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { AuthError, isAuthError } from "@libs/problems";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { logIn } from "../../testing/log-in.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import type { RefreshTimes } from "../shared/sync-deps.ts";
import { SessionRefresher } from "./refresh-session.ts";

let fixture: SyncFixture;
let replicas: SessionRefresher[];
let session: Awaited<ReturnType<typeof logIn>>;
beforeEach(async () => {
  fixture = createSyncFixture();
  replicas = Array.from({ length: 3 }, () => new SessionRefresher(fixture.deps));
  session = await logIn(fixture, "s1");
});

const atKeycloak = (refreshToken: string) => fixture.keycloak.tokenClient.refresh(refreshToken);
const replica = (index: number) => replicas[index] as SessionRefresher;
/** A replica of its own, whose calls to Keycloak are these. */
const asking = (
  refreshToken: (refreshToken: string) => Promise<SessionTokenSet>,
  times: Partial<RefreshTimes> = {},
) => {
  const refreshTimes = { ...fixture.deps.refreshTimes, ...times };
  return new SessionRefresher({ ...fixture.deps, refreshTimes, authentication: { refreshToken } });
};
const never = () => Promise.reject(new Error("Keycloak must not be called"));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: unknown) => (isAuthError(error) ? error.code : String(error)),
  );

/** A call to Keycloak that is answered when the test says so. */
function held() {
  const [called, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const call = async (refreshToken: string): Promise<SessionTokenSet> => {
    called.resolve();
    await answered.promise;
    return await atKeycloak(refreshToken);
  };
  return { call, called: called.promise, answer: () => answered.resolve(), fail: answered.reject };
}

test("callers of all replicas share one call to Keycloak", async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, (_, caller) => replica(caller % 3).refresh(session)));
  expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
  expect(fixture.keycloak.calls.filter((call) => call === "refresh")).toHaveLength(1);
});

describe("while one replica has the lease", () => {
  test("another waits, without a call of its own, and answers with what was stored", async () => {
    const first = held();
    const winner = asking(first.call).refresh(session);
    await first.called;
    const waiter = asking(never).refresh(session);
    first.answer();
    expect((await waiter).refresh_token).toBe((await winner).refresh_token);
  });

  test("its failure frees the lease at once: the waiter calls Keycloak itself", async () => {
    const first = held();
    const failing = codeOf(asking(first.call).refresh(session));
    await first.called;
    const waiter = codeOf(replica(1).refresh(session));
    first.fail(new AuthError("keycloak.unavailable"));
    expect(await failing).toBe("keycloak.unavailable");
    expect(await waiter).toBe("ok");
  });

  test("a waiter whose time is over is answered so, and the session stays", async () => {
    const first = held();
    const winner = asking(first.call).refresh(session);
    await first.called;
    const impatient = () => asking(never, { waitMs: 10 });
    expect(await codeOf(impatient().refresh(session))).toBe("session.busy");
    first.answer();
    await winner;
    expect(await codeOf(impatient().refresh(session))).toBe("ok");
  });
});

describe("a holder that dies or is late", () => {
  test("is overtaken when its lease ends, not before", async () => {
    const dead = held();
    void codeOf(asking(dead.call).refresh(session));
    await dead.called;
    const impatient = () => asking(never, { waitMs: 10 });
    fixture.clock.now += 3_999;
    expect(await codeOf(impatient().refresh(session))).toBe("session.busy");
    fixture.clock.now += 1;
    expect(await codeOf(asking(atKeycloak, { waitMs: 10 }).refresh(session))).toBe("ok");
  });

  test("can't overwrite the newer result, and answers with it", async () => {
    const late = held();
    const first = asking(late.call).refresh(session);
    await late.called;
    fixture.clock.now += 4_000;
    const newer = await replica(1).refresh(session);
    late.answer();
    expect((await first).refresh_token).toBe(newer.refresh_token);
    expect(await codeOf(replica(2).refresh({ sessionId: "s1", refreshToken: newer.refresh_token }))).toBe("ok");
  });

  test("waits for the one that overtook it", async () => {
    const [late, newer] = [held(), held()];
    const first = asking(late.call).refresh(session);
    await late.called;
    fixture.clock.now += 4_000;
    const second = asking(newer.call).refresh(session);
    await newer.called;
    late.answer();
    const unfinished = await Promise.race([first.then(() => "done"), Bun.sleep(20).then(() => "waiting")]);
    expect(unfinished).toBe("waiting");
    newer.answer();
    expect((await first).refresh_token).toBe((await second).refresh_token);
  });

  test("does not end the session when Keycloak refuses its token as spent", async () => {
    const late = held();
    const first = asking(late.call).refresh(session);
    await late.called;
    fixture.clock.now += 4_000;
    const newer = await replica(1).refresh(session);
    late.fail(new AuthError("session.refused"));
    expect((await first).refresh_token).toBe(newer.refresh_token);
    expect(fixture.database.sessions.get("s1")).toMatchObject({ endedAt: null });
  });
});

test("tokens whose write failed are stored when the database is back", async () => {
  const { sessions } = fixture.deps;
  const write = sessions.replaceTokens.bind(sessions);
  let failures = 2;
  sessions.replaceTokens = (...args) =>
    failures-- > 0 ? Promise.reject(new DatabaseUnavailableError()) : write(...args);
  await expect(replica(0).refresh(session)).rejects.toBeInstanceOf(DatabaseUnavailableError);
  expect(await codeOf(asking(never).refresh(session))).toBe("ok");
});
