// Every asymmetric algorithm, by the three verifiers; and no token may choose how it is verified.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
  acceptedAlgorithms,
  JoseGuardTokenVerifier,
  PublishedGuardKeys,
  PublishedKeys,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "@libs/auth-guard/keycloak";
import { type KeyPair, PublishedRealm, seconds } from "@libs/auth-guard/testing";
import { failure } from "@libs/problems/testing";
import { exportJWK, exportSPKI, generateKeyPair } from "jose";
import { JoseLogoutTokenVerifier } from "./logout-token-verifier.ts";
import { RealmKeys } from "./realm-keys.ts";
import { JoseTokenVerifier } from "./token-verifier.ts";

const realm = new PublishedRealm();
afterAll(() => realm.stop());
const { issuer, options } = realm;

const pairs = new Map<string, KeyPair>();
const pairOf = (alg: string) => pairs.get(alg) as KeyPair;
beforeAll(async () => {
  for (const alg of SIGNATURE_ALGORITHMS) {
    pairs.set(alg, await generateKeyPair(alg, { extractable: true }));
    // The key's id is its algorithm.
    await realm.publish(pairOf(alg), alg, { alg });
  }
});

const access = (alg: string, kid = alg, pair = pairOf(alg)) =>
  realm.sign(pair, realm.accessTokenClaims(), { alg, kid });
const logout = (alg: string, kid = alg, pair = pairOf(alg)) => {
  const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const claims = {
    iss: issuer,
    aud: "gw",
    sub: "u1",
    sid: "s1",
    jti: "j1",
    iat: seconds(),
    exp: seconds() + 120,
    events,
  };
  return realm.sign(pair, claims, { alg, kid, typ: "logout+jwt" });
};

/** Each verifier, with the algorithms to accept, if any are given. */
const verifiers: Record<string, (accepted?: SignatureAlgorithm[]) => Promise<(token: string) => Promise<unknown>>> = {
  "of logins": async (signatureAlgorithms) => {
    const verifier = new JoseTokenVerifier({ ...options, signatureAlgorithms });
    return (token) => verifier.verifyAccessToken(token);
  },
  "of guards": async (signatureAlgorithms) => {
    const algorithms = acceptedAlgorithms({ signatureAlgorithms });
    const rules = { issuer, audience: "gw", authorizedParties: ["gw"], algorithms };
    const keys = new PublishedGuardKeys(new PublishedKeys({ certs: realm.url }), { coolDownMs: 0 });
    const verifier = new JoseGuardTokenVerifier(keys, rules);
    return (token) => verifier.verify(token);
  },
  "of logout tokens": async (signatureAlgorithms) => {
    const keys = new RealmKeys(new PublishedKeys({ certs: realm.url }));
    await keys.reload();
    const verifier = new JoseLogoutTokenVerifier({ ...options, signatureAlgorithms }, { keys });
    return (token) => verifier.verifyLogoutToken(token);
  },
};

describe.each(Object.keys(verifiers))("the verifier %s", (name) => {
  const mint = name === "of logout tokens" ? logout : access;
  const code = name === "of logout tokens" ? "logout_token.invalid" : "token.invalid";
  const open = (accepted?: SignatureAlgorithm[]) =>
    verifiers[name]?.(accepted) as ReturnType<(typeof verifiers)[string]>;

  test.each([...SIGNATURE_ALGORITHMS])("takes %s, with a key that is published for it", async (alg) => {
    const verify = await open();
    await verify(await mint(alg));
  });

  test("takes old and new ones side by side while the algorithm changes", async () => {
    const verify = await open();
    await Promise.all([mint("RS256"), mint("ES256"), mint("RS256")].map(async (token) => verify(await token)));
  });

  test("takes only those that are set", async () => {
    const verify = await open(["ES256", "EdDSA"]);
    await verify(await mint("ES256"));
    await verify(await mint("EdDSA"));
    for (const alg of ["RS256", "PS256", "ES384"]) await failure(verify(await mint(alg)), code);
  });

  /** The token's algorithm, the key that signs, and the key that it names. */
  const confusions: [alg: string, signsWith: string, names: string][] = [
    ...(["RS384", "RS512", "PS256", "PS384", "PS512"] as const).map((alg): [string, string, string] => [
      alg,
      "RS256",
      "RS256",
    ]),
    ["RS256", "PS256", "PS256"],
    ["ES256", "ES256", "RS256"],
    ["RS256", "RS256", "ES256"],
    ["EdDSA", "EdDSA", "ES256"],
    ["ES384", "ES384", "ES256"],
  ];
  test.each(confusions)("refuses %s signed by the key for %s under the id of the one for %s", async (alg, by, kid) => {
    // The same key under another algorithm: only its published one is good.
    const jwk = await exportJWK(pairOf(by).privateKey);
    const { importJWK } = await import("jose");
    const privateKey = (await importJWK({ ...jwk, alg }, alg)) as KeyPair["privateKey"];
    const verify = await open();
    await failure(verify(await mint(alg, kid, { ...pairOf(by), privateKey })), code);
  });

  test.each([...SIGNATURE_ALGORITHMS])("refuses an HMAC under the public key for %s", async (alg) => {
    const verify = await open();
    const [header = "", payload = ""] = (await mint(alg)).split(".");
    const { typ } = JSON.parse(Buffer.from(header, "base64url").toString());
    const secrets = [
      await exportSPKI(pairOf(alg).publicKey),
      JSON.stringify(await exportJWK(pairOf(alg).publicKey)),
      "",
    ];
    for (const [hmac, hash] of [
      ["HS256", "sha256"],
      ["HS512", "sha512"],
    ] as const)
      for (const secret of secrets) {
        const head = Buffer.from(JSON.stringify({ alg: hmac, kid: alg, typ })).toString("base64url");
        const signature = createHmac(hash, secret).update(`${head}.${payload}`).digest("base64url");
        await failure(verify(`${head}.${payload}.${signature}`), code);
      }
    for (const none of ["none", "None", ""]) {
      const head = Buffer.from(JSON.stringify({ alg: none, kid: alg, typ })).toString("base64url");
      await failure(verify(`${head}.${payload}.AAAA`), code);
    }
  });

  test("refuses a key that does not say what it is for, and one that is a secret", async () => {
    const pair = await generateKeyPair("RS256");
    realm.keys.push({ ...(await exportJWK(pair.publicKey)), kid: "no-alg", use: "sig" });
    realm.keys.push({ kty: "oct", k: "c2VjcmV0", kid: "oct", alg: "HS256", use: "sig" });
    const verify = await open();
    await failure(verify(await mint("RS256", "no-alg", pair)), code);
    await verify(await mint("RS256"));
    realm.keys.splice(-2);
  });
});

test("one algorithm may be set in the older way", () => {
  expect(acceptedAlgorithms({ signatureAlgorithm: "ES256" })).toEqual(["ES256"]);
  expect(acceptedAlgorithms({ signatureAlgorithm: "ES256", signatureAlgorithms: ["EdDSA"] })).toEqual(["EdDSA"]);
  expect(acceptedAlgorithms({ signatureAlgorithms: [] })).toEqual(SIGNATURE_ALGORITHMS);
});
