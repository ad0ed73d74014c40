import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type KeyPair, PublishedRealm, seconds } from "@libs/auth-guard/testing";
import { failure } from "@libs/problems/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { JoseTokenVerifier } from "./token-verifier.ts";

const realm = new PublishedRealm();
afterAll(() => realm.stop());

const { issuer, options } = realm;
let signing: KeyPair;
let foreign: KeyPair;
beforeAll(async () => {
  [signing, foreign] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  await realm.publish(signing, "k1");
  await realm.publish(foreign, "enc1", { alg: "RSA-OAEP", use: "enc" });
});

const claims = () => realm.accessTokenClaims();
const sign = (changes: object = {}, header: object = {}, pair = signing) =>
  realm.sign(pair, { ...claims(), ...changes }, header);

describe("JoseTokenVerifier", () => {
  test("reads the claims of a good token, and realm.fetches the keys once", async () => {
    const verifier = new JoseTokenVerifier(options);
    realm.fetches = 0;
    const [read] = await Promise.all([1, 2, 3].map(async () => verifier.verifyAccessToken(await sign())));
    expect(realm.fetches).toBe(1);
    expect(read).toMatchObject({
      sub: "u1",
      sid: "s1",
      username: "ada",
      email: "ada@example.org",
      firstName: "Ada",
      lastName: "L",
      emailVerified: true,
      realmRoles: ["customer"],
      clientRoles: { gw: ["buyer"] },
    });
    expect((read?.expiresAt.getTime() ?? 0) - (read?.issuedAt.getTime() ?? 0)).toBe(60_000);
  });

  const bad: [string, () => Promise<string>][] = [
    ["garbage", async () => "garbage"],
    ["empty", async () => ""],
    ["expired", () => sign({ exp: seconds() - 11 })],
    ["not yet valid", () => sign({ nbf: seconds() + 20 })],
    ["another issuer", () => sign({ iss: `${issuer}2` })],
    ["another audience", () => sign({ aud: "account" })],
    ["no audience", () => sign({ aud: undefined })],
    ["another party", () => sign({ azp: "other" })],
    ["no party", () => sign({ azp: undefined })],
    ["an id token", () => sign({ typ: "ID" })],
    ["a refresh token", () => sign({ typ: "Refresh" })],
    ["no sub", () => sign({ sub: undefined })],
    ["no sid", () => sign({ sid: undefined })],
    ["no exp", () => sign({ exp: undefined })],
    ["another key", () => sign({}, {}, foreign)],
    ["an encryption key", () => sign({}, { kid: "enc1" }, foreign)],
    ["an unknown key", () => sign({}, { kid: "k2" }, foreign)],
    ["a changed payload", async () => swapPayload(await sign(), { ...claims(), sub: "u2" })],
    ["no signature", async () => `${encode({ alg: "none" })}.${encode(claims())}.`],
    ["the public key as an HMAC secret", hmacWithPublicKey],
  ];
  test.each(bad)("%s is refused", async (_, token) => {
    await failure(new JoseTokenVerifier(options).verifyAccessToken(await token()), "token.invalid");
  });

  const justIssued = { justIssued: true };
  const unsigned = async (changes: object = {}) => swapSignature(await sign(changes));

  // The others differ in the signature alone.
  test.each(bad.filter(([name]) => !["a changed payload", "another key"].includes(name)))(
    "%s is refused as just issued, too, after a good token",
    async (_, token) => {
      const verifier = new JoseTokenVerifier(options);
      await verifier.verifyAccessToken(await sign(), justIssued);
      await failure(verifier.verifyAccessToken(await token(), justIssued), "token.invalid");
    },
  );

  test("a signature of Keycloak's own answers is checked once a key, those of callers always", async () => {
    const verifier = new JoseTokenVerifier(options);
    await failure(verifier.verifyAccessToken(await unsigned(), justIssued), "token.invalid");
    await verifier.verifyAccessToken(await sign(), justIssued);
    expect(await verifier.verifyAccessToken(await unsigned({ sid: "s2" }), justIssued)).toMatchObject({ sid: "s2" });
    await failure(verifier.verifyAccessToken(await unsigned()), "token.invalid");
    await failure(verifier.verifyAccessToken(await sign({}, { kid: "k9" }, foreign), justIssued), "token.invalid");
  });

  test("clocks may differ by ten seconds", async () => {
    const verifier = new JoseTokenVerifier(options);
    await verifier.verifyAccessToken(await sign({ exp: seconds() - 5 }));
    await verifier.verifyAccessToken(await sign({ nbf: seconds() + 5 }));
  });

  test("made-up key ids do not make it ask again and again", async () => {
    const verifier = new JoseTokenVerifier(options);
    await verifier.verifyAccessToken(await sign());
    realm.fetches = 0;
    const tokens = await Promise.all(["x1", "x2", "x3"].map((kid) => sign({}, { kid })));
    await Promise.all(tokens.map((token) => failure(verifier.verifyAccessToken(token), "token.invalid")));
    expect(realm.fetches).toBeLessThanOrEqual(3);
  });

  test("a key that is published a moment after its first token is good, too", async () => {
    const verifier = new JoseTokenVerifier(options);
    await verifier.verifyAccessToken(await sign());
    const pair = await generateKeyPair("RS256");
    const token = await sign({}, { kid: "late" }, pair);
    realm.fetches = 0;
    const verified = verifier.verifyAccessToken(token);
    while (realm.fetches === 0) await Bun.sleep(1);
    await realm.publish(pair, "late");
    await verified;
    expect(realm.fetches).toBe(2);
  });

  test("a new key is good at once, for all who bring it, however fresh the known ones are", async () => {
    const verifier = new JoseTokenVerifier(options);
    await verifier.verifyAccessToken(await sign());
    const pair = await generateKeyPair("RS256");
    await realm.publish(pair, "newer");
    realm.fetches = 0;
    const tokens = await Promise.all([1, 2, 3].map(() => sign({}, { kid: "newer" }, pair)));
    await Promise.all(tokens.map((token) => verifier.verifyAccessToken(token)));
    expect(realm.fetches).toBe(1);
  });

  test("without keys there is no verdict", async () => {
    realm.up = false;
    await failure(new JoseTokenVerifier(options).verifyAccessToken(await sign()), "keycloak.unavailable");
    realm.up = true;
  });

  test("ES256 where it is configured, and nothing else then", async () => {
    const pair = await generateKeyPair("ES256");
    await realm.publish(pair, "es1", { alg: "ES256" });
    const verifier = new JoseTokenVerifier({ ...options, signatureAlgorithm: "ES256" });
    await verifier.verifyAccessToken(await sign({}, { alg: "ES256", kid: "es1" }, pair));
    await failure(verifier.verifyAccessToken(await sign()), "token.invalid");
  });
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

function swapPayload(token: string, payload: object): string {
  const [header, , signature] = token.split(".");
  return `${header}.${encode(payload)}.${signature}`;
}

/** The classic: an asymmetric verifier that lets the token choose HS256. */
async function hmacWithPublicKey(): Promise<string> {
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(signing.publicKey)));
  return new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(secret);
}

function swapSignature(token: string): string {
  const [header, payload] = token.split(".");
  return `${header}.${payload}.AAAA`;
}
