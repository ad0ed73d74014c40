import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import type { RealmKey } from "./realm-key.ts";
import { reassembledTokens } from "./reassembled-tokens.ts";

export interface LogoutTokenParts {
  issuer: string;
  clientId: string;
  /** Of a session that lives: a token that is taken would show. */
  sub: string;
  sid: string;
  /** One of Keycloak's own for this client. */
  genuine: string;
  realmKey: RealmKey;
  /** The realm's published keys, as the attacker reads them. */
  publishedKey: object;
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";

/** Logout tokens that are wrong in one way each, about a session that lives. */
export async function badLogoutTokens(parts: LogoutTokenParts): Promise<Record<string, string[]>> {
  return {
    misaddressed: await wrongClaims(parts, misaddressed(parts)),
    expired: await wrongClaims(parts, expired()),
    malformed: await wrongClaims(parts, malformed()),
    "of another kind": await Promise.all([
      ...["at+jwt", "", undefined].map((typ) => parts.realmKey.sign(claimsOf(parts), { typ })),
      // Keycloak 24.0 says in a claim alone that it is a logout token; others say otherwise, or nothing.
      ...["Bearer", "ID", "logout", undefined].map((typ) =>
        parts.realmKey.sign({ ...claimsOf(parts), typ }, { typ: "JWT" }),
      ),
    ]),
    forged: await forged(parts),
    mangled: mangled(parts.genuine),
  };
}

const seconds = () => Math.floor(Date.now() / 1000);

/** Claims of a token that would be taken. */
export function claimsOf({
  issuer,
  clientId,
  sub,
  sid,
}: Omit<LogoutTokenParts, "genuine" | "realmKey" | "publishedKey">) {
  return {
    iss: issuer,
    aud: clientId,
    sub,
    sid,
    jti: randomUUID(),
    typ: "Logout",
    iat: seconds(),
    exp: seconds() + 120,
    events: { [logoutEvent]: {} },
  };
}

const wrongClaims = (parts: LogoutTokenParts, changes: object[]) =>
  Promise.all(changes.map((change) => parts.realmKey.sign({ ...claimsOf(parts), ...change })));

const misaddressed = ({ issuer, clientId }: LogoutTokenParts) => [
  ...["account", `${clientId}2`, clientId.toUpperCase(), "", [], ["account", "broker"], undefined].map((aud) => ({
    aud,
  })),
  ...[`${issuer}2`, `${issuer}/`, issuer.replace("http", "https"), issuer.toUpperCase(), "", undefined].map((iss) => ({
    iss,
  })),
];

const expired = () => [
  ...[11, 60, 3_600, 86_400, seconds()].map((ago) => ({ exp: seconds() - ago })),
  ...[311, 3_600, seconds()].map((ago) => ({ iat: seconds() - ago, exp: seconds() + 3_600 })),
  ...[60, 86_400].map((ahead) => ({ iat: seconds() + ahead, exp: seconds() + 90_000 })),
  ...[undefined, "soon"].flatMap((wrong) => [{ exp: wrong }, { iat: wrong }]),
];

const malformed = () => [
  ...[undefined, null, [], [logoutEvent], logoutEvent, {}, { other: {} }].map((events) => ({ events })),
  ...[true, null, [], "x"].map((event) => ({ events: { [logoutEvent]: event } })),
  ...["n", "", null, 0].map((nonce) => ({ nonce })),
  ...[undefined, null, "", 7, "x".repeat(256), "a\0b"].map((jti) => ({ jti })),
  ...[null, "", 7, ["s"], "x".repeat(256), "a\0b"].flatMap((wrong) => [{ sid: wrong }, { sub: wrong }]),
  { sub: undefined, sid: undefined },
];

/** By a stranger's key, under the realm's key id and made-up ones; without a signature; with the public key as secret. */
async function forged(parts: LogoutTokenParts): Promise<string[]> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { kid } = decodeProtectedHeader(parts.genuine);
  const sign = (header: object, alg = "RS256", key: Parameters<SignJWT["sign"]>[0] = privateKey) =>
    new SignJWT(claimsOf(parts)).setProtectedHeader({ alg, typ: "logout+jwt", ...header }).sign(key);
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const pem = createPublicKey({ key: parts.publishedKey, format: "jwk" }).export({ type: "spki", format: "pem" });
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const unsigned = ["none", "None", "NONE", "RS256"].map(
    (alg) => `${encode({ alg, kid, typ: "logout+jwt" })}.${encode(claimsOf(parts))}.`,
  );
  return [
    ...(await Promise.all(Array.from({ length: 15 }, () => sign({ kid })))),
    ...(await Promise.all(Array.from({ length: 15 }, () => sign({ kid: randomUUID() })))),
    ...(await Promise.all(
      [{}, { kid: "" }, { jwk }, { kid, jku: "http://127.0.0.1:1/keys" }].map((more) => sign(more)),
    )),
    ...(await Promise.all(["RS512", "PS256"].map((alg) => sign({ kid }, alg)))),
    ...(await Promise.all(
      [pem.toString(), JSON.stringify(parts.publishedKey)].map((key) => sign({ kid }, "HS256", Buffer.from(key))),
    )),
    ...unsigned,
  ];
}

/** A token of Keycloak's own with something cut, swapped or changed. */
function mangled(genuine: string): string[] {
  const [header, , signature] = genuine.split(".");
  const changed = Buffer.from(JSON.stringify({ ...decodeJwt(genuine), jti: randomUUID() })).toString("base64url");
  const flipped = Array.from({ length: 60 }, (_, index) => {
    // Never the very last character: some of its bits do not count.
    const at = Math.floor(((genuine.length - 2) * index) / 60);
    const other = genuine[at] === "A" ? "B" : "A";
    return genuine.slice(0, at) + (genuine[at] === "." ? "" : other) + genuine.slice(at + 1);
  });
  return [
    ...flipped,
    ...reassembledTokens(genuine),
    `${header}.${changed}.${signature}`,
    genuine.toLowerCase(),
    genuine.slice(1),
    genuine.repeat(2),
  ];
}
