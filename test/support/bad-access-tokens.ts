import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from "jose";
import type { Tokens } from "./auth-client.ts";
import type { RealmKey } from "./realm-key.ts";
import { reassembledTokens } from "./reassembled-tokens.ts";

export interface AccessTokenParts {
  /** Of a session that lives: a token that is taken would show. */
  genuine: Tokens;
  realmKey: RealmKey;
  /** The realm's published key, as the attacker reads it. */
  publishedKey: object;
  /** An access token that another realm of the same Keycloak issued. */
  ofOtherRealm: string;
}

/** Access tokens that are wrong in one way each, of a session that lives. */
export async function badAccessTokens(parts: AccessTokenParts): Promise<Record<string, string[]>> {
  const { genuine, realmKey, ofOtherRealm } = parts;
  const claims = decodeJwt(genuine.access_token);
  const signed = (changes: object[]) =>
    Promise.all(changes.map((change) => realmKey.sign({ ...claims, ...change }, { typ: "JWT" })));
  return {
    "of another kind": [genuine.id_token ?? "", genuine.refresh_token],
    "of another realm": [ofOtherRealm],
    misaddressed: await signed(misaddressed(claims)),
    "out of time": await signed(outOfTime()),
    "with wrong claims": await signed(wrongClaims()),
    "with a claim twice": await twice(realmKey, claims),
    "with another header": await Promise.all(
      ["logout+jwt", "dpop+jwt", ""].map((typ) => realmKey.sign(claims, { typ })),
    ),
    forged: await forged(parts, claims),
    "with a made-up key": await madeUpKeys(claims),
    mangled: mangled(genuine.access_token),
    "too long": [
      `${genuine.access_token}${"A".repeat(12_288)}`,
      await realmKey.sign({ ...claims, x: "x".repeat(9500) }),
    ],
  };
}

const seconds = () => Math.floor(Date.now() / 1000);

const misaddressed = ({ iss = "" }: JWTPayload) => [
  ...[`${iss}2`, `${iss}/`, iss.replace("http", "https"), iss.toUpperCase(), "", [iss], undefined].map((iss) => ({
    iss,
  })),
  ...["account", "api-gateway2", "API-GATEWAY", "", [], { "api-gateway": 1 }, undefined].map((aud) => ({ aud })),
  ...["account", "admin-cli", "", ["api-gateway"], undefined].map((azp) => ({ azp })),
];

const outOfTime = () => [
  ...[11, 60, 3_600, 86_400, seconds()].map((ago) => ({ exp: seconds() - ago })),
  ...[600, 3_600, 86_400].map((ahead) => ({ nbf: seconds() + ahead })),
  { exp: undefined },
  { exp: String(seconds() + 60) },
  { iat: "now" },
  { iat: undefined },
  { nbf: "x" },
];

const wrongClaims = () => [
  ...["ID", "Refresh", "Offline", "Logout", "bearer", "", 1, undefined].map((typ) => ({ typ })),
  ...[undefined, "", 1, { $ne: "" }, randomUUID()].map((sub) => ({ sub })),
  ...[undefined, "", 1, ["x"], randomUUID()].map((sid) => ({ sid })),
  { realm_access: { roles: "admin" } },
  { email: {} },
];

function twice(realmKey: RealmKey, claims: JWTPayload): Promise<string[]> {
  const text = JSON.stringify(claims);
  const texts = ['{"sub":"admin",', '{"\\u0073ub":"admin",', '{"exp":9999999999,'].map((start) =>
    text.replace("{", start),
  );
  return Promise.all([...texts, "[]", "null", "{", '"x"', "[".repeat(3000)].map((each) => realmKey.signText(each)));
}

/** By a stranger's key under the realm's key id; without a signature; with the public key as the secret. */
async function forged({ genuine, publishedKey }: AccessTokenParts, claims: JWTPayload): Promise<string[]> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { kid } = decodeProtectedHeader(genuine.access_token);
  const sign = (header: object, alg = "RS256", key: Parameters<SignJWT["sign"]>[0] = privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg, typ: "JWT", ...header }).sign(key);
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const pem = createPublicKey({ key: publishedKey, format: "jwk" }).export({ type: "spki", format: "pem" });
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  return Promise.all([
    ...[{ kid }, {}, { kid: "" }, { kid, jwk }, { jwk }, { kid, jku: "http://127.0.0.1:1/keys" }].map((head) =>
      sign(head),
    ),
    ...["RS512", "PS256"].map((alg) => sign({ kid }, alg)),
    ...[pem.toString(), JSON.stringify(publishedKey)].map((key) => sign({ kid }, "HS256", Buffer.from(key))),
    ...["none", "None", "NONE", "RS256"].map((alg) => `${encode({ alg, kid, typ: "JWT" })}.${encode(claims)}.`),
    ...["none", "None"].map((alg) => `${encode({ alg, kid, typ: "JWT" })}.${encode(claims)}.AAAA`),
  ]);
}

function madeUpKeys(claims: JWTPayload): Promise<string[]> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const sign = () =>
    new SignJWT({ ...claims, sid: randomUUID() }).setProtectedHeader({ alg: "RS256", kid: randomUUID() });
  return Promise.all(Array.from({ length: 30 }, () => sign().sign(privateKey)));
}

/** A token of Keycloak's own with something cut, swapped or changed. */
function mangled(genuine: string): string[] {
  const flipped = Array.from({ length: 20 }, (_, index) => {
    // Never the very last character: some of its bits do not count.
    const at = Math.floor(((genuine.length - 2) * index) / 20);
    return `${genuine.slice(0, at)}${genuine[at] === "A" ? "B" : "A"}${genuine.slice(at + 1)}`;
  });
  return [...flipped, ...reassembledTokens(genuine), "a.b.c.d.e"];
}
