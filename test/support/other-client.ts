import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";
import type { Person } from "./person.ts";
import { recordSecret } from "./secrets-seen.ts";

const clientId = "other-app";

/** Another application of the realm, in which people use Keycloak's account API: behind the gateway's back. */
export class OtherClient {
  private constructor(private readonly realmUrl: string) {}

  static async create(stack: TestStack, admin: KcAdminClient): Promise<OtherClient> {
    const flows = { directAccessGrantsEnabled: true, standardFlowEnabled: false };
    await admin.clients.create({ clientId, publicClient: true, fullScopeAllowed: true, enabled: true, ...flows });
    return new OtherClient(`${stack.keycloakUrl}/realms/${encodeURIComponent(stack.realm)}`);
  }

  /** @returns an access token of a session of its own */
  async logIn(person: Pick<Person, "username" | "password">): Promise<string> {
    return (await this.#passwordGrant(person)).access_token;
  }

  /** Logs in. @returns refreshes the session, and says Keycloak's status */
  async refreshable(person: Pick<Person, "username" | "password">): Promise<() => Promise<number>> {
    const { refresh_token } = await this.#passwordGrant(person);
    return async () => (await this.#token({ grant_type: "refresh_token", refresh_token })).status;
  }

  async #passwordGrant({ username, password }: Pick<Person, "username" | "password">) {
    const response = await this.#token({ grant_type: "password", username, password, scope: "openid" });
    const tokens = (await response.json()) as { access_token?: string; refresh_token?: string };
    const { access_token, refresh_token } = tokens;
    for (const token of [access_token, refresh_token]) if (token) recordSecret(token);
    if (!access_token || !refresh_token) throw new Error(`the other client's login was refused: ${response.status}`);
    return { access_token, refresh_token };
  }

  #token(grant: Record<string, string>): Promise<Response> {
    const body = new URLSearchParams({ client_id: clientId, ...grant });
    return fetch(`${this.realmUrl}/protocol/openid-connect/token`, { method: "POST", body });
  }

  /** The person edits the profile in the account console. */
  async editProfile(token: string, profile: Omit<Person, "password">): Promise<void> {
    await this.#account(token, "POST", "/", { ...profile, attributes: {} });
  }

  /** The person signs another session out. */
  async endSession(token: string, keycloakSessionId: string): Promise<void> {
    await this.#account(token, "DELETE", `/sessions/${encodeURIComponent(keycloakSessionId)}`);
  }

  async #account(token: string, method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(`${this.realmUrl}/account${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: "application/json", "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`account API ${method} ${path}: ${response.status} ${await response.text()}`);
  }
}
