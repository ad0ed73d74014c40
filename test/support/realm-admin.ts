import KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";

/** An administrator of the test realm: what people do in Keycloak behind the gateway's back. */
export async function realmAdmin(stack: TestStack): Promise<KcAdminClient> {
  const client = new KcAdminClient({ baseUrl: stack.keycloakUrl, realmName: stack.realm });
  client.registerTokenProvider({ getAccessToken: () => adminToken(stack) });
  return client;
}

/** A fresh token each time: tests may take longer than one lives. */
async function adminToken({ keycloakUrl, keycloakAdmin }: TestStack): Promise<string> {
  const response = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...keycloakAdmin }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
