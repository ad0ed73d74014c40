import { randomBytes } from "node:crypto";
import { readIssuer } from "@libs/keycloak-authV2/keycloak";
import { applyRealm, type RealmOptions } from "@libs/keycloak-realm";
import type { Servers } from "../servers.ts";

/** A realm of a test's own. */
export interface TestRealm {
  realm: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Removes the realm with all that is in it. */
  drop(): Promise<void>;
}

/** One hash round instead of Argon2: a login takes a third of the time, and no test reads the hash. */
export const QUICK_PASSWORD_POLICY = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1) and length(8)";

export type TestRealmOptions = Partial<Omit<RealmOptions, "keycloakUrl" | "admin" | "realm">>;

/** Creates a realm as the product sets it up. */
export async function createTestRealm(
  servers: Pick<Servers, "keycloakUrl" | "keycloakAdmin">,
  realm: string,
  options: TestRealmOptions = {},
): Promise<TestRealm> {
  const { keycloakUrl, keycloakAdmin: admin } = servers;
  const clientId = options.clientId ?? "api-gateway";
  const clientSecret = options.clientSecret ?? randomBytes(32).toString("base64url");
  const given = { sslRequired: "none", passwordPolicy: QUICK_PASSWORD_POLICY, ...options } as const;
  await applyRealm({ ...given, keycloakUrl, admin, realm, clientId, clientSecret });
  const drop = () => dropRealm(servers, realm);
  return { realm, issuer: await readIssuer({ url: keycloakUrl, realm }), clientId, clientSecret, drop };
}

/** Removes realms that match, for example those that killed runs left on a stack. */
export async function dropRealms(
  servers: Pick<Servers, "keycloakUrl" | "keycloakAdmin">,
  matches: (realm: string) => boolean,
): Promise<void> {
  const token = await adminToken(servers);
  const response = await admin(servers, token, "GET", "?briefRepresentation=true");
  const realms = response.ok ? ((await response.json()) as Array<{ realm: string }>) : [];
  for (const { realm } of realms.filter((entry) => matches(entry.realm))) await dropRealm(servers, realm);
}

async function dropRealm(servers: Pick<Servers, "keycloakUrl" | "keycloakAdmin">, realm: string): Promise<void> {
  await admin(servers, await adminToken(servers), "DELETE", `/${encodeURIComponent(realm)}`);
}

function admin(servers: Pick<Servers, "keycloakUrl">, token: string, method: string, path: string): Promise<Response> {
  return fetch(`${servers.keycloakUrl}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(30_000),
  });
}

async function adminToken({
  keycloakUrl,
  keycloakAdmin,
}: Pick<Servers, "keycloakUrl" | "keycloakAdmin">): Promise<string> {
  const response = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...keycloakAdmin }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`Keycloak's administrator was refused (status ${response.status})`);
  return ((await response.json()) as { access_token: string }).access_token;
}
