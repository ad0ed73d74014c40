import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHmac, randomUUID } from "node:crypto";
import { failure } from "@libs/problems/testing";
import { exportJWK, exportSPKI, generateKeyPair } from "jose";
import { type KeyPair, PublishedRealm, seconds } from "../testing/published-realm.ts";
import { JoseGuardTokenVerifier } from "./guard-token-verifier.ts";
import { PublishedGuardKeys } from "./published-guard-keys.ts";
import { PublishedKeys } from "./published-keys.ts";
import { SIGNATURE_ALGORITHMS } from "./signature-algorithms.ts";

const realm = new PublishedRealm();
const { issuer } = realm;
afterAll(() => realm.stop());
afterEach(() => {
  realm.up = true;
  realm.keys.splice(2);
});

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
const encode = (text: string) => Buffer.from(text).toString("base64url");

/** Signed as it is written, whatever it says. */
async function signText(payload: string, header = '{"alg":"RS256","kid":"k1"}'): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", signing.privateKey as CryptoKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}

async function hmac(header: object, secret: string): Promise<string> {
  const input = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims()))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const open = (options: { coolDownMs?: number; now?: () => number } = {}) =>
  new JoseGuardTokenVerifier(new PublishedGuardKeys(new PublishedKeys({ certs: realm.url, ...options }), options), {
    issuer,
    audience: "gw",
    authorizedParties: ["gw", "app"],
    algorithms: SIGNATURE_ALGORITHMS,
  });

test("reads a person's token, and a service account's", async () => {
  const verifier = open();
  expect(await verifier.verify(await sign({ azp: "app" }))).toMatchObject({ sub: "u1", sid: "s1", clientId: "app" });
  expect((await verifier.verify(await sign())).roles).toEqual(new Set(["customer", "gw:buyer"]));
  expect(await verifier.verify(await sign({ sid: undefined, client_id: "gw" }))).toMatchObject({ sid: null });
});

// With a cost that grows with the square of its length, each of these would take minutes; a request of 8 kB, 20 ms.
test.each([
  ["escaped quotes in a string without an end", `"${'\\"'.repeat(200_000)}`],
  ["quotes alone", '"'.repeat(400_000)],
  ["strings and blanks", `["a"${" ".repeat(400_000)}`],
  ["nested arrays without an end", "[".repeat(400_000)],
  ["nested objects without an end", '{"a":'.repeat(80_000)],
])("a token that nobody signed costs no more than reading it: %s", async (_, text) => {
  const started = performance.now();
  await failure(open().verify(`${encode('{"alg":"RS256","kid":"k1"}')}.${encode(text)}.c2ln`), "token.invalid");
  expect(performance.now() - started).toBeLessThan(2_000);
});

const dotted = (token: string, index: number, change: (part: string) => string) =>
  token
    .split(".")
    .map((part, at) => (at === index ? change(part) : part))
    .join(".");

const bad: [string, () => Promise<string>][] = [
  ["nothing", async () => ""],
  ["garbage", async () => "garbage"],
  ["two parts", async () => (await sign()).split(".").slice(0, 2).join(".")],
  ["four parts", async () => `${await sign()}.x`],
  ["five parts, an encrypted token's", async () => "a.b.c.d.e"],
  ["no signature", async () => dotted(await sign(), 2, () => "")],
  ["alg none", async () => `${encode('{"alg":"none","kid":"k1"}')}.${encode(JSON.stringify(claims()))}.`],
  ["alg None, signed", async () => signText(JSON.stringify(claims()), '{"alg":"None","kid":"k1"}')],
  ["no alg", async () => signText(JSON.stringify(claims()), '{"kid":"k1"}')],
  ["HS256 with the public key", async () => hmac({ alg: "HS256", kid: "k1" }, await exportSPKI(signing.publicKey))],
  ["HS256 with the JWK", async () => hmac({ alg: "HS256", kid: "k1" }, JSON.stringify(realm.keys[0]))],
  ["HS256 with nothing", async () => hmac({ alg: "HS256", kid: "k1" }, "")],
  ["RS512 under our key", async () => signText(JSON.stringify(claims()), '{"alg":"RS512","kid":"k1"}')],
  ["a key in the header", async () => sign({}, { jwk: await exportJWK(foreign.publicKey) }, foreign)],
  ["an address of keys in the header", async () => sign({}, { jku: realm.url, kid: "x" }, foreign)],
  ["no kid", async () => signText(JSON.stringify(claims()), '{"alg":"RS256"}')],
  ["a kid that is a list", async () => signText(JSON.stringify(claims()), '{"alg":"RS256","kid":["k1"]}')],
  ["a kid of 1 kB", async () => sign({}, { kid: "k".repeat(1024) })],
  ["a kid that is a path", async () => sign({}, { kid: "../../k1" }, foreign)],
  ["an encryption key", async () => sign({}, { kid: "enc1" }, foreign)],
  ["another key under our kid", async () => sign({}, {}, foreign)],
  ["typ of a logout token", async () => sign({}, { typ: "logout+jwt" })],
  ["typ that is a number", async () => signText(JSON.stringify(claims()), '{"alg":"RS256","kid":"k1","typ":1}')],
  [
    "a critical extension",
    async () => signText(JSON.stringify(claims()), '{"alg":"RS256","kid":"k1","crit":["x"],"x":1}'),
  ],
  ["a header that is a list", async () => signText(JSON.stringify(claims()), "[]")],
  ["a header that is null", async () => signText(JSON.stringify(claims()), "null")],
  ["claims that are a list", async () => signText("[]")],
  ["claims that are text", async () => signText('"x"')],
  ["claims that are no JSON", async () => signText("{")],
  ["claims that nest", async () => signText(`{"a":${"[".repeat(3000)}${"]".repeat(3000)}}`)],
  ["a claim twice", async () => signText(JSON.stringify(claims()).replace("{", '{"sub":"admin",'))],
  ["a claim twice, escaped", async () => signText(JSON.stringify(claims()).replace("{", '{"\\u0073ub":"admin",'))],
  [
    "a nested claim twice",
    async () => signText(JSON.stringify(claims()).replace('"gw":{', '"gw":{"roles":["admin"],')),
  ],
  ["alg twice", async () => signText(JSON.stringify(claims()), '{"alg":"none","alg":"RS256","kid":"k1"}')],
  ["expired", () => sign({ exp: seconds() - 11 })],
  ["exp that is text", () => sign({ exp: String(seconds() + 60) })],
  ["exp without end", async () => signText(JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999'))],
  ["not yet valid", () => sign({ nbf: seconds() + 20 })],
  ["iat that is text", () => sign({ iat: "now" })],
  ["another realm", () => sign({ iss: "https://id.example.org/realms/other" })],
  ["our issuer with a slash", () => sign({ iss: `${issuer}/` })],
  ["issuers as a list", () => sign({ iss: [issuer] })],
  ["another audience", () => sign({ aud: "account" })],
  ["an audience that contains ours", () => sign({ aud: "gw2" })],
  ["an audience that is an object", () => sign({ aud: { gw: true } })],
  ["another party", () => sign({ azp: "other" })],
  ["parties as a list", () => sign({ azp: ["gw"] })],
  ["an ID token", () => sign({ typ: "ID" })],
  ["a refresh token", () => sign({ typ: "Refresh" })],
  ["an offline token", () => sign({ typ: "Offline" })],
  ["a logout token", () => sign({ typ: "Logout" })],
  ["typ in small letters", () => sign({ typ: "bearer" })],
  ["no session, and no service account", () => sign({ sid: undefined })],
  ["no session, a service account of another client", () => sign({ sid: undefined, client_id: "other" })],
  ["an empty session", () => sign({ sid: "" })],
  ["a session that is a number", () => sign({ sid: 1 })],
  ["a user that is an object", () => sign({ sub: { $ne: "" } })],
  ["roles that are text", () => sign({ realm_access: { roles: "admin" } })],
  ["an email that is an object", () => sign({ email: {} })],
  ...["iss", "aud", "azp", "sub", "typ", "exp", "iat"].map((name): [string, () => Promise<string>] => [
    `no ${name}`,
    () => sign({ [name]: undefined }),
  ]),
  ...["=", "+", "/", " ", "\n", "%", "é", "\0"].map((mark): [string, () => Promise<string>] => [
    `a ${JSON.stringify(mark)}`,
    async () => `${await sign()}${mark}`,
  ]),
  ...Array.from({ length: 10 }, (_, at): [string, () => Promise<string>] => [
    `bit ${at} of the payload turned`,
    async () => dotted(await sign(), 1, (part) => (part[at] === "A" ? "B" : "A") + part.slice(1)),
  ]),
  ...Array.from({ length: 20 }, (_, at): [string, () => Promise<string>] => [
    `a made-up key id (${at})`,
    () => sign({}, { kid: randomUUID() }, foreign),
  ]),
];

describe("bad tokens", () => {
  test.each(bad)("%s", async (_, token) => {
    await failure(open().verify(await token()), "token.invalid");
  });

  test(`all ${bad.length} against one verifier: one fetch of keys more, quickly`, async () => {
    const verifier = open();
    await verifier.verify(await sign());
    realm.fetches = 0;
    const tokens = await Promise.all(bad.map(([, token]) => token()));
    const took: number[] = [];
    for (const token of tokens) {
      const startedAt = performance.now();
      await failure(verifier.verify(token), "token.invalid");
      took.push(performance.now() - startedAt);
    }
    expect(bad.length).toBeGreaterThanOrEqual(100);
    expect(realm.fetches).toBeLessThanOrEqual(1);
    expect(took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]).toBeLessThan(50);
    await verifier.verify(await sign());
  });
});

describe("keys that change", () => {
  const rotate = async () => {
    const pair = await generateKeyPair("RS256");
    const kid = randomUUID();
    await realm.publish(pair, kid);
    return (changes: object = {}) => sign(changes, { kid }, pair);
  };

  test("a new key is good at once, the old one while it is published", async () => {
    const verifier = open();
    await verifier.verify(await sign());
    const signNew = await rotate();
    await verifier.verify(await signNew());
    await verifier.verify(await sign());
  });

  test("a flood of made-up ids does not hide a new key from those who are known", async () => {
    const verifier = open({ coolDownMs: 1_000 });
    await verifier.verify(await sign());
    // Made before: on a busy machine, making a key outlasts the cool-down.
    const pair = await generateKeyPair("RS256");
    const tokens = await Promise.all([1, 2].map(() => sign({}, { kid: "new-key" }, pair)));
    const floods = async () => failure(verifier.verify(await sign({}, { kid: randomUUID() })), "token.invalid");
    await floods();
    await realm.publish(pair, "new-key");
    realm.fetches = 0;
    const isKnown = (sid: string, sub: string) => sid === "s1" && sub === "u1";
    const waiting = tokens.map((token) => verifier.verify(token, isKnown));
    await Promise.all([floods(), floods(), floods()]);
    expect(realm.fetches).toBe(0);
    expect(await Promise.all(waiting)).toHaveLength(2);
    expect(realm.fetches).toBe(1);
  });

  test("while Keycloak is away the known keys count, and others can't be checked", async () => {
    realm.up = false;
    await failure(open().verify(await sign()), "keycloak.unavailable");
    realm.up = true;
    const verifier = open({ coolDownMs: 0 });
    await verifier.verify(await sign());
    realm.up = false;
    await verifier.verify(await sign());
    await failure(verifier.verify(await sign({}, { kid: "new" })), "keycloak.unavailable");
  });
});
