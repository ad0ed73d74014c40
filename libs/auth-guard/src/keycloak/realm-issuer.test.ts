import { describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { JoseGuardTokenVerifier } from "./guard-token-verifier.ts";
import { PublishedGuardKeys } from "./published-guard-keys.ts";
import { PublishedKeys } from "./published-keys.ts";
import { RealmIssuer, withCurrentIssuer } from "./realm-issuer.ts";

const options = { url: "http://keycloak:8080/", realm: "my shop" };
const BUILT = "http://keycloak:8080/realms/my%20shop";
const PUBLIC = "https://id.example.com/realms/my%20shop";
const MOVED = "https://login.example.com/realms/my%20shop";

/** A realm that says what the test sets; null: it is away. */
function realmSaying(first: string | null) {
  const realm = { says: first, asked: 0, at: 0 };
  const read = async () => {
    realm.asked += 1;
    if (realm.says === null) throw new AuthError("keycloak.unavailable");
    return realm.says;
  };
  return { realm, issuer: new RealmIssuer(options, { read, now: () => realm.at }) };
}

describe("the issuer of a realm", () => {
  test("that is given is never asked for", async () => {
    const given = new RealmIssuer(
      { ...options, issuer: `${PUBLIC}/` },
      { read: () => Promise.reject(new Error("asked")) },
    );
    given.warm();
    expect(given.current).toBe(PUBLIC);
    expect(await given.recheck(PUBLIC)).toBe(false);
  });

  test("follows from the address until the realm was asked", async () => {
    const { issuer } = realmSaying(PUBLIC);
    expect(issuer.current).toBe(BUILT);
    expect(await issuer.recheck(BUILT)).toBe(true);
    expect(issuer.current).toBe(PUBLIC);
  });

  test("stays as it was while Keycloak is away, and is found when it is back", async () => {
    const { realm, issuer } = realmSaying(null);
    expect(await issuer.recheck(BUILT)).toBe(false);
    realm.says = PUBLIC;
    realm.at += 2_000;
    expect(await issuer.recheck(BUILT)).toBe(true);
    realm.says = null;
    realm.at += 2_000;
    expect(await issuer.recheck(PUBLIC)).toBe(false);
    expect(issuer.current).toBe(PUBLIC);
  });

  test("is asked for once by all who ask at once, and at most every 2 s", async () => {
    const { realm, issuer } = realmSaying(PUBLIC);
    expect(await Promise.all([issuer.recheck(BUILT), issuer.recheck(BUILT), issuer.recheck(BUILT)])).toEqual([
      true,
      true,
      true,
    ]);
    for (realm.at = 1; realm.at < 2_000; realm.at += 100) expect(await issuer.recheck(PUBLIC)).toBe(false);
    expect(realm.asked).toBe(1);
    realm.says = MOVED;
    realm.at = 2_000;
    expect(await issuer.recheck(PUBLIC)).toBe(true);
    expect(realm.asked).toBe(2);
    // Who still holds the one before gets the answer without a call.
    expect(await issuer.recheck(PUBLIC)).toBe(true);
    expect(realm.asked).toBe(2);
  });
});

describe("a token that names another issuer", () => {
  async function guardWith(issuer: RealmIssuer) {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", use: "sig", alg: "RS256" };
    const server = Bun.serve({ port: 0, fetch: () => Response.json({ keys: [jwk] }) });
    const keys = new PublishedGuardKeys(new PublishedKeys({ certs: server.url.href }));
    const rules = { issuer, audience: "gw", authorizedParties: ["gw"], algorithms: ["RS256"] as const };
    const sign = (iss: string, key = privateKey) =>
      new SignJWT({ azp: "gw", sid: "s1", typ: "Bearer", preferred_username: "ada" })
        .setProtectedHeader({ alg: "RS256", kid: "k1" })
        .setIssuer(iss)
        .setAudience("gw")
        .setSubject("u1")
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(key);
    return { verifier: new JoseGuardTokenVerifier(keys, rules), sign, close: () => server.stop(true) };
  }

  test("is good when the realm names that one by now, and only then", async () => {
    const { realm, issuer } = realmSaying(PUBLIC);
    const { verifier, sign, close } = await guardWith(issuer);
    expect(await verifier.verify(await sign(PUBLIC))).toMatchObject({ sub: "u1" });
    realm.says = MOVED;
    realm.at += 2_000;
    expect(await verifier.verify(await sign(MOVED))).toMatchObject({ sub: "u1" });
    await expect(verifier.verify(await sign(PUBLIC))).rejects.toThrow();
    await expect(verifier.verify(await sign("https://evil.example/realms/my%20shop"))).rejects.toThrow();
    await close();
  });

  test("causes no call where the signature is not the realm's", async () => {
    const { realm, issuer } = realmSaying(PUBLIC);
    const { verifier, sign, close } = await guardWith(issuer);
    const { privateKey } = await generateKeyPair("RS256");
    await expect(verifier.verify(await sign(PUBLIC, privateKey))).rejects.toThrow();
    expect(realm.asked).toBe(0);
    await close();
  });

  test("any other fault causes none either", async () => {
    const { realm, issuer } = realmSaying(PUBLIC);
    await expect(withCurrentIssuer(issuer, () => Promise.reject(new Error("expired")))).rejects.toThrow("expired");
    expect(realm.asked).toBe(0);
  });
});
