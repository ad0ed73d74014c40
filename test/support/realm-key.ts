import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";
import { CompactSign, exportJWK, type JWTPayload, SignJWT } from "jose";

/** One of the realm's own published keys, in a test's hands: for tokens that are wrong in everything but the signature. */
export class RealmKey {
  private constructor(
    private readonly privateKey: KeyObject,
    private readonly kid: string,
  ) {}

  /** Adds a key to the realm, which goes on to sign with its own. */
  static async add(stack: Pick<TestStack, "issuer" | "realm">, admin: KcAdminClient): Promise<RealmKey> {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const realm = await admin.realms.findOne({ realm: stack.realm });
    await admin.components.create({
      name: "key-of-the-test",
      providerId: "rsa",
      providerType: "org.keycloak.keys.KeyProvider",
      parentId: realm?.id ?? "",
      config: {
        privateKey: [privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
        algorithm: ["RS256"],
        priority: ["-1"],
        enabled: ["true"],
        active: ["true"],
      },
    });
    const certs = await fetch(`${stack.issuer}/protocol/openid-connect/certs`);
    const { keys } = (await certs.json()) as { keys: { kid: string; n?: string }[] };
    const { n } = await exportJWK(publicKey);
    const published = keys.find((key) => key.n === n);
    if (!published) throw new Error("the realm does not publish the key");
    return new RealmKey(privateKey, published.kid);
  }

  /** @param header over `alg`, `kid` and the `typ` of a logout token */
  sign(claims: JWTPayload, header: { typ?: string | undefined } = {}): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: this.kid, typ: "logout+jwt", ...header })
      .sign(this.privateKey);
  }

  /** Signs a text as it is, whatever it says. */
  signText(payload: string): Promise<string> {
    const header = { alg: "RS256", kid: this.kid, typ: "JWT" };
    return new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(this.privateKey);
  }
}
