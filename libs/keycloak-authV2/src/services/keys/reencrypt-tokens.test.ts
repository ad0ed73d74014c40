import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { DatabaseUnavailableError, type StoredTokenRepository } from "@libs/database";
import { createInMemoryRepositories, InMemoryDatabase, loginOf } from "@libs/database/testing";
import { parseKeyRing, TokenCipher } from "../../crypto/index.ts";
import { keyUses } from "./key-use.ts";
import { reencryptTokens } from "./reencrypt-tokens.ts";

const [A, B, C] = ["a", "b", "c"].map((id) => `${id}:${randomBytes(32).toString("base64")}`) as [
  string,
  string,
  string,
];
const NOW = new Date("2026-03-29T10:00:00Z");
const cipherOf = (...keys: string[]) => new TokenCipher(parseKeyRing(keys.join(",")));

/** @param sealedUnder by session: the key that encrypts, whose values are its id and column */
async function fixture(sealedUnder: Record<string, string>) {
  const database = new InMemoryDatabase();
  const repositories = createInMemoryRepositories(database);
  const seal = (key: string, sessionId: string, column: string) =>
    cipherOf(key).encrypt(`${sessionId} ${column}`, { sessionId, column });
  const tokensUnder = (key: string, sessionId: string) => ({
    accessToken: seal(key, sessionId, "access_token"),
    refreshToken: seal(key, sessionId, "refresh_token"),
    idToken: null,
  });
  for (const [sessionId, key] of Object.entries(sealedUnder))
    await repositories.sessions.recordLogin(loginOf({ session: { sessionId, ...tokensUnder(key, sessionId) } }));
  const opened = (ring: string[], sessionId: string) => {
    const session = database.sessions.get(sessionId);
    return cipherOf(...ring).decrypt(session?.refreshToken ?? "", { sessionId, column: "refresh_token" });
  };
  const deps = { ...repositories, now: () => NOW };
  return { deps, database, opened, tokensUnder };
}

test("moves every value to the first key, and says which key may go", async () => {
  const { deps, opened } = await fixture({ s1: A, s2: B, s3: A });
  const ring = `${B},${A}`;
  expect((await keyUses(deps.storedTokens, ring, NOW)).map(({ keyId, values }) => [keyId, values])).toEqual([
    ["b", 2],
    ["a", 4],
  ]);
  const seen: number[] = [];
  const result = await reencryptTokens(deps, {
    tokenEncryptionKeys: ring,
    batchSize: 1,
    onProgress: ({ moved }) => seen.push(moved),
  });
  expect(result).toMatchObject({ interrupted: false, moved: 2, leftOut: 0, undecryptable: { count: 0 } });
  expect(result.keys).toEqual([
    { keyId: "b", place: "first", values: 6, neededUntil: null, mayGo: false },
    { keyId: "a", place: "other", values: 0, neededUntil: null, mayGo: true },
  ]);
  for (const id of ["s1", "s2", "s3"]) expect(opened([B], id)).toBe(`${id} refresh_token`);
  expect(seen).toContain(1);
  expect(await reencryptTokens(deps, { tokenEncryptionKeys: ring })).toMatchObject({ moved: 0 });
});

test("a value that no key opens is left, listed, and keeps its key", async () => {
  const { deps, database } = await fixture({ s1: A, s2: C });
  const before = database.sessions.get("s2");
  const result = await reencryptTokens(deps, { tokenEncryptionKeys: `${B},${A}` });
  expect(result).toMatchObject({ moved: 1, undecryptable: { count: 1, sessionIds: ["s2"] } });
  expect(result.keys).toContainEqual({ keyId: "c", place: "unknown", values: 2, neededUntil: null, mayGo: false });
  expect(database.sessions.get("s2")).toEqual(before);
});

test("a refresh meanwhile wins, and its values are moved by the next pass", async () => {
  const { deps, database, tokensUnder, opened } = await fixture({ s1: A });
  let raced = false;
  const storedTokens: StoredTokenRepository = {
    ...methods(deps.storedTokens),
    replaceUnchanged: async (changes) => {
      const session = database.sessions.get("s1");
      if (!raced && session) database.sessions.set("s1", { ...session, ...tokensUnder(A, "s1") });
      raced = true;
      return await deps.storedTokens.replaceUnchanged(changes);
    },
  };
  const result = await reencryptTokens({ ...deps, storedTokens }, { tokenEncryptionKeys: `${B},${A}` });
  expect(result).toMatchObject({ moved: 1, leftOut: 1 });
  expect(opened([B], "s1")).toBe("s1 refresh_token");
});

test("stops at the signal, and the next run goes on", async () => {
  const { deps } = await fixture({ s1: A, s2: A, s3: A });
  const controller = new AbortController();
  const options = { tokenEncryptionKeys: `${B},${A}`, batchSize: 1 };
  const onProgress = ({ moved }: { moved: number }) => moved === 1 && controller.abort();
  const first = await reencryptTokens(deps, { ...options, signal: controller.signal, onProgress });
  expect(first).toMatchObject({ interrupted: true, moved: 1, keys: null });
  expect(await reencryptTokens(deps, options)).toMatchObject({ interrupted: false, moved: 2 });
});

test("who writes an older key all the time is found out, and ends no run", async () => {
  const { deps, database, tokensUnder } = await fixture({ s1: A, s2: A });
  const storedTokens: StoredTokenRepository = {
    ...methods(deps.storedTokens),
    replaceUnchanged: async (changes) => {
      const written = await deps.storedTokens.replaceUnchanged(changes);
      const session = database.sessions.get("s1");
      if (session) database.sessions.set("s1", { ...session, ...tokensUnder(A, "s1") });
      return written;
    },
  };
  const result = await reencryptTokens({ ...deps, storedTokens }, { tokenEncryptionKeys: `${B},${A}`, maxPasses: 3 });
  expect(result.keys).toContainEqual({ keyId: "a", place: "other", values: 2, neededUntil: null, mayGo: false });
});

test("an outage of the database is waited for", async () => {
  const { deps } = await fixture({ s1: A });
  let failures = 1;
  const waited: (string | null)[] = [];
  const storedTokens: StoredTokenRepository = {
    ...methods(deps.storedTokens),
    read: async (ids) => {
      if (failures-- > 0) throw new DatabaseUnavailableError("away");
      return await deps.storedTokens.read(ids);
    },
  };
  const onProgress = ({ waitingFor }: { waitingFor: string | null }) => waited.push(waitingFor);
  const result = await reencryptTokens({ ...deps, storedTokens }, { tokenEncryptionKeys: `${B},${A}`, onProgress });
  expect(result.moved).toBe(1);
  expect(waited).toContain("database.unavailable");
});

test("a key stays while repeated requests are recognised by it", async () => {
  const { deps } = await fixture({ s1: B });
  const until = new Date("2026-03-29T12:00:00Z");
  await deps.idempotency.claim({
    scope: "register",
    key: "k",
    fingerprints: ["a:abc"],
    registrationId: "r",
    now: NOW,
    lockedUntil: NOW,
    expiresAt: until,
  });
  const result = await reencryptTokens(deps, { tokenEncryptionKeys: `${B},${A}` });
  expect(result.keys).toContainEqual({ keyId: "a", place: "other", values: 0, neededUntil: until, mayGo: false });
});

/** An object that spreads: methods of a class instance do not. */
function methods(port: StoredTokenRepository): StoredTokenRepository {
  return {
    scan: (...args) => port.scan(...args),
    sample: (...args) => port.sample(...args),
    read: (...args) => port.read(...args),
    replaceUnchanged: (...args) => port.replaceUnchanged(...args),
    fingerprintKeys: (...args) => port.fingerprintKeys(...args),
  };
}
