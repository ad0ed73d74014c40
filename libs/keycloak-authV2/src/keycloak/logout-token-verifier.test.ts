import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PublishedKeys } from "@libs/auth-guard/keycloak";
import { type KeyPair, PublishedRealm, seconds } from "@libs/auth-guard/testing";
import { failure } from "@libs/problems/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { JoseLogoutTokenVerifier } from "./logout-token-verifier.ts";
import { RealmKeys } from "./realm-keys.ts";

const realm = new PublishedRealm();
afterAll(() => realm.stop());

const { issuer, options } = realm;
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
let signing: KeyPair;
let successor: KeyPair;
let foreign: KeyPair;
let keys: RealmKeys;
beforeAll(async () => {
  const pairs = ["RS256", "RS256", "RS256"].map((alg) => generateKeyPair(alg));
  [signing, successor, foreign] = (await Promise.all(pairs)) as [KeyPair, KeyPair, KeyPair];
  await realm.publish(signing, "k1");
  keys = new RealmKeys(new PublishedKeys({ certs: realm.url }));
  await keys.reload();
});

const claims = () => ({
  iss: issuer,
  aud: "gw",
  sub: "u1",
  sid: "s1",
  jti: "j1",
  typ: "Logout",
  iat: seconds(),
  exp: seconds() + 120,
  events: { [logoutEvent]: {}, revoke_offline_access: true },
});
const sign = (changes: object = {}, header: object = {}, pair = signing) =>
  realm.sign(pair, { ...claims(), ...changes }, { typ: "logout+jwt", ...header });
const verifier = () => new JoseLogoutTokenVerifier(options, { keys });

describe("JoseLogoutTokenVerifier", () => {
  test("one of the realm is read, without a call", async () => {
    realm.fetches = 0;
    const read = await verifier().verifyLogoutToken(await sign());
    expect(read).toEqual({
      jti: "j1",
      sub: "u1",
      sid: "s1",
      issuedAt: new Date(read.issuedAt),
      expiresAt: new Date(read.issuedAt.getTime() + 120_000),
    });
    expect(realm.fetches).toBe(0);
  });

  test.each([
    ["sub alone: every session of the user", { sid: undefined }, { sub: "u1", sid: null }],
    ["sid alone", { sub: undefined }, { sub: null, sid: "s1" }],
    ["several audiences", { aud: ["gw", "other"] }, { sid: "s1" }],
    ["the type in a claim alone, as Keycloak 24.0 writes it", { sid: "s1" }, { sid: "s1" }, { typ: "JWT" }],
    ["clocks that differ by ten seconds", { iat: seconds() + 8, exp: seconds() - 5 }, { sid: "s1" }],
  ] as [string, object, object, object?][])("%s", async (_, changes, expected, header = {}) => {
    expect(await verifier().verifyLogoutToken(await sign(changes, header))).toMatchObject(expected);
  });

  const bad: [string, () => Promise<string>][] = [
    ["garbage", async () => "garbage"],
    ["empty", async () => ""],
    ["endless", async () => "x".repeat(100_000)],
    ["expired", () => sign({ exp: seconds() - 11 })],
    ["no exp", () => sign({ exp: undefined })],
    ["too old, however long it is good for", () => sign({ iat: seconds() - 400, exp: seconds() + 9_999 })],
    ["from the future", () => sign({ iat: seconds() + 60 })],
    ["no iat", () => sign({ iat: undefined })],
    ["an iat that is no number", () => sign({ iat: "now" })],
    ["another issuer", () => sign({ iss: `${issuer}2` })],
    ["another audience", () => sign({ aud: "other" })],
    ["no audience", () => sign({ aud: undefined })],
    ["no jti", () => sign({ jti: undefined })],
    ["an empty jti", () => sign({ jti: "" })],
    ["an endless jti", () => sign({ jti: "x".repeat(256) })],
    ["a jti with NUL", () => sign({ jti: "a\0b" })],
    ["neither sub nor sid", () => sign({ sub: undefined, sid: undefined })],
    ["a sid that is no text", () => sign({ sid: 7 })],
    ["an empty sub", () => sign({ sub: "" })],
    ["no events", () => sign({ events: undefined })],
    ["another event", () => sign({ events: { "http://schemas.openid.net/event/other": {} } })],
    ["an event that is no object", () => sign({ events: { [logoutEvent]: true } })],
    ["an event that is a list", () => sign({ events: { [logoutEvent]: [] } })],
    ["events as a list", () => sign({ events: [logoutEvent] })],
    ["a nonce", () => sign({ nonce: "n" })],
    ["a nonce of null", () => sign({ nonce: null })],
    ["typ of another token", () => sign({}, { typ: "at+jwt" })],
    ["typ of no token in particular, the claim of an access token", () => sign({ typ: "Bearer" }, { typ: "JWT" })],
    ["typ of no token in particular, the claim of an ID token", () => sign({ typ: "ID" }, { typ: "JWT" })],
    ["typ of no token in particular, no claim", () => sign({ typ: undefined }, { typ: "JWT" })],
    ["no typ", () => sign({}, { typ: undefined })],
    ["another key", () => sign({}, {}, foreign)],
    ["an unknown key", () => sign({}, { kid: "k9" }, foreign)],
    ["a critical header that nobody knows", () => withCritical()],
    ["no signature", async () => `${encode({ alg: "none", typ: "logout+jwt" })}.${encode(claims())}.`],
    ["the public key as an HMAC secret", hmacWithPublicKey],
  ];
  test.each(bad)("%s is refused, without a call", async (_, token) => {
    realm.fetches = 0;
    await failure(verifier().verifyLogoutToken(await token()), "logout_token.invalid");
    expect(realm.fetches).toBe(0);
  });

  test("a new key counts once it is known; the one before it as long as it is published", async () => {
    const byNewKey = await sign({}, { kid: "k2" }, successor);
    await failure(verifier().verifyLogoutToken(byNewKey), "logout_token.invalid");
    await realm.publishOnly([successor, "k2"], [signing, "k1"]);
    await keys.reload();
    await verifier().verifyLogoutToken(byNewKey);
    await verifier().verifyLogoutToken(await sign());
    await realm.publishOnly([successor, "k2"]);
    await keys.reload();
    await failure(verifier().verifyLogoutToken(await sign()), "logout_token.invalid");
    await realm.publishOnly([signing, "k1"]);
    await keys.reload();
  });

  test("without keys there is no verdict; keeping them fresh goes on until there are some, and can be stopped", async () => {
    const fresh = new PublishedKeys({ certs: realm.url });
    const without = new JoseLogoutTokenVerifier(options, { keys: new RealmKeys(fresh) });
    const token = await sign();
    realm.up = false;
    realm.fetches = 0;
    await failure(without.verifyLogoutToken(token), "keycloak.unavailable");
    expect(realm.fetches).toBe(0);
    const stop = fresh.keepFresh(60_000, 1);
    while (realm.fetches < 3) await Bun.sleep(1);
    realm.up = true;
    const known = () => without.verifyLogoutToken(token).catch(() => undefined);
    while (!(await known())) await Bun.sleep(1);
    const asked = realm.fetches;
    await known();
    expect(realm.fetches).toBe(asked);
    stop();
  });
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

async function withCritical(): Promise<string> {
  return new SignJWT(claims())
    .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "logout+jwt", crit: ["made-up"], "made-up": 1 })
    .sign(signing.privateKey, { crit: { "made-up": true } });
}

async function hmacWithPublicKey(): Promise<string> {
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(signing.publicKey)));
  return new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "k1", typ: "logout+jwt" }).sign(secret);
}
