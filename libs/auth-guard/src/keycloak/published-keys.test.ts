import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { generateKeyPair } from "jose";
import { type KeyPair, PublishedRealm } from "../testing/published-realm.ts";
import { JoseGuardTokenVerifier } from "./guard-token-verifier.ts";
import { PublishedGuardKeys } from "./published-guard-keys.ts";
import { PublishedKeys } from "./published-keys.ts";

const realm = new PublishedRealm();
afterAll(() => realm.stop());
let first: KeyPair;
let second: KeyPair;
let now = 0;
beforeAll(async () => {
  [first, second] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
});
beforeEach(async () => {
  realm.up = true;
  now = 0;
  await realm.publishOnly([first, "k1"], [second, "k2"]);
});

const open = () => new PublishedKeys({ certs: realm.url, now: () => now });
const idsOf = (keys: PublishedKeys) => [...(keys.set?.ids ?? [])];

describe("keys that are removed", () => {
  test("are gone with the next fetch, which their users make when it is due", async () => {
    const keys = open();
    await keys.fetch();
    await realm.publishOnly([second, "k2"]);
    realm.fetches = 0;
    now = 35_000;
    await keys.refreshIfOld();
    expect([idsOf(keys), realm.fetches]).toEqual([["k1", "k2"], 0]);
    now = 35_001;
    await Promise.all([keys.refreshIfOld(), keys.refreshIfOld()]);
    expect([idsOf(keys), realm.fetches]).toEqual([["k2"], 1]);
  });

  test("are reported; so is another key under an old id, and nothing else", async () => {
    const keys = open();
    let removed = 0;
    keys.onRemoved(() => removed++);
    await keys.fetch();
    await keys.fetch();
    await realm.publish(await generateKeyPair("RS256"), "k3");
    await keys.fetch();
    expect(removed).toBe(0);
    await realm.publishOnly([first, "k1"], [second, "k2"]);
    await keys.fetch();
    expect(removed).toBe(1);
    await realm.publishOnly([first, "k1"], [first, "k2"]);
    await keys.fetch();
    expect(removed).toBe(2);
  });

  test("a guard refuses their tokens, verified before or not", async () => {
    const guardKeys = new PublishedGuardKeys(open(), { now: () => now });
    const rules = { issuer: realm.issuer, audience: "gw", authorizedParties: ["gw"], algorithms: ["RS256"] as const };
    const verifier = new JoseGuardTokenVerifier(guardKeys, rules);
    const token = await realm.sign(first, realm.accessTokenClaims(), { kid: "k1" });
    await verifier.verify(token);
    await realm.publishOnly([second, "k2"]);
    now = 60_000;
    await failure(verifier.verify(token), "token.invalid");
    await verifier.verify(await realm.sign(second, realm.accessTokenClaims(), { kid: "k2" }));
  });
});

describe("while Keycloak is away", () => {
  test("the keys stay, however long it takes; it is tried every few seconds", async () => {
    const keys = open();
    await keys.fetch();
    realm.up = false;
    realm.fetches = 0;
    for (now = 0; now < 3_600_000; now += 1_000) await keys.refreshIfOld();
    expect(idsOf(keys)).toEqual(["k1", "k2"]);
    expect(realm.fetches).toBeGreaterThan(100);
    expect(realm.fetches).toBeLessThanOrEqual(720);
    realm.up = true;
    await realm.publishOnly([second, "k2"]);
    now += 6_000;
    await keys.refreshIfOld();
    expect(idsOf(keys)).toEqual(["k2"]);
  });

  test.each([
    ["nonsense", "{"],
    ["another document", '{"issuer":"x"}'],
    ["keys that are none", '{"keys":[7]}'],
  ])("%s in its place empties nothing", async (_, text) => {
    const keys = open();
    await keys.fetch();
    const server = Bun.serve({ port: 0, fetch: () => new Response(text) });
    const other = new PublishedKeys({ certs: server.url.href });
    expect([await other.fetch(), other.set, other.failed]).toEqual([false, undefined, true]);
    await server.stop(true);
  });
});

test("several who keep them fresh share one timer, until the last one stops", async () => {
  const keys = open();
  realm.fetches = 0;
  const stops = [keys.keepFresh(20, 20), keys.keepFresh(20, 20)] as const;
  while (realm.fetches < 2) await Bun.sleep(1);
  await keys.fetching;
  // Stopping twice counts once.
  stops[0]();
  stops[0]();
  await realm.publishOnly([second, "k2"]);
  while (idsOf(keys).join() !== "k2") await Bun.sleep(1);
  stops[1]();
  await keys.fetching;
  realm.fetches = 0;
  await Bun.sleep(50);
  expect(realm.fetches).toBe(0);
});

test("keys are fetched again and again, until that is stopped", async () => {
  const keys = open();
  const stop = keys.keepFresh(5, 5);
  await realm.publishOnly([second, "k2"]);
  while (idsOf(keys).join() !== "k2") await Bun.sleep(1);
  stop();
  await keys.fetching;
  realm.fetches = 0;
  await Bun.sleep(30);
  expect(realm.fetches).toBe(0);
});
