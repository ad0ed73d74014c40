import KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";

/** Half of the shortest life that Keycloak gives an administrator's token. */
const tokenAgeMs = 30_000;

/** An administrator of the test realm: what people do in Keycloak behind the gateway's back. */
export async function realmAdmin(stack: TestStack): Promise<KcAdminClient> {
  const client = new KcAdminClient({ baseUrl: stack.keycloakUrl, realmName: stack.realm });
  let token: { value: Promise<string>; until: number } | undefined;
  const getAccessToken = () => {
    // Tests may take longer than one token lives.
    if (!token || token.until < Date.now()) token = { value: adminToken(stack), until: Date.now() + tokenAgeMs };
    return token.value;
  };
  client.registerTokenProvider({ getAccessToken });
  return client;
}

async function adminToken({ keycloakUrl, keycloakAdmin }: TestStack): Promise<string> {
  const response = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...keycloakAdmin }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
