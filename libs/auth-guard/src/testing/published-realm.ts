import { exportJWK, type generateKeyPair, SignJWT } from "jose";
import "./refuse-production.ts";

/**
 * A key pair of jose's, to publish and to sign with.
 * @see {@link PublishedRealm}
 */
export type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/**
 * The time as tokens have it: seconds since the epoch.
 * @see {@link PublishedRealm}
 */
export const seconds = () => Math.floor(Date.now() / 1000);

/**
 * A realm's `certs` address in this process; the private keys are in the test's hands.
 * @example
 * ```ts
 * import { type KeyPair, PublishedRealm, seconds } from "@libs/auth-guard/testing";
 * import { generateKeyPair } from "jose";
 *
 * const realm = new PublishedRealm();
 * const pair: KeyPair = await generateKeyPair("RS256");
 * await realm.publish(pair, "k1");
 * const claims = { ...realm.accessTokenClaims(), exp: seconds() + 60 };
 * export const token = await realm.sign(pair, claims);
 * await realm.stop();
 * ```
 */
export class PublishedRealm {
  readonly issuer = "https://id.example.org/realms/r";
  /** What is answered, as JWKs. */
  readonly keys: object[] = [];
  /** How often it was asked. */
  fetches = 0;
  /** Whether Keycloak answers, or something in front of it that knows no better. */
  up = true;
  readonly #server = Bun.serve({
    port: 0,
    fetch: () => {
      this.fetches += 1;
      return this.up ? Response.json({ keys: this.keys }) : new Response("<html>", { status: 502 });
    },
  });

  get url(): string {
    return this.#server.url.href;
  }

  get options() {
    return { url: this.url, realm: "r", clientId: "gw", clientSecret: "s", issuer: this.issuer };
  }

  async publish({ publicKey }: KeyPair, kid: string, { alg = "RS256", use = "sig" } = {}): Promise<void> {
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use });
  }

  /** Instead of what is published now. */
  async publishOnly(...pairs: [pair: KeyPair, kid: string][]): Promise<void> {
    this.keys.splice(0);
    for (const [pair, kid] of pairs) await this.publish(pair, kid);
  }

  /** An access token's claims as Keycloak writes them. */
  accessTokenClaims() {
    return {
      iss: this.issuer,
      aud: ["gw", "account"],
      azp: "gw",
      sub: "u1",
      sid: "s1",
      typ: "Bearer",
      iat: seconds(),
      exp: seconds() + 60,
      preferred_username: "ada",
      email: "ada@example.org",
      given_name: "Ada",
      family_name: "L",
      email_verified: true,
      realm_access: { roles: ["customer"] },
      resource_access: { gw: { roles: ["buyer"] } },
    };
  }

  /** @param header over `alg` and `kid` (`k1`) */
  sign({ privateKey }: KeyPair, claims: object, header: object = {}): Promise<string> {
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: "RS256", kid: "k1", ...header }).sign(privateKey);
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}
