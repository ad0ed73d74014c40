import type { KeycloakPersonDetails, KeycloakPersonSource } from "../ports/ports.ts";
import type { AdminApi, KeycloakAdminClient } from "./calls/admin-api.ts";

/**
 * ADAPTER: what Keycloak's admin REST API says of one user beside the profile. The role `manage-users` sees all of
 * it.
 */
export class AdminKeycloakPersonSource implements KeycloakPersonSource {
  readonly #api: AdminApi;

  constructor(api: AdminApi) {
    this.#api = api;
  }

  readDetails(userId: string): Promise<KeycloakPersonDetails> {
    return this.#api.call("read_person", async ({ users }) => readDetails(users, userId));
  }
}

async function readDetails(users: KeycloakAdminClient["users"], id: string): Promise<KeycloakPersonDetails> {
  const [credentials, groups, roles, identities, consents] = await Promise.all([
    users.getCredentials({ id }),
    users.listGroups({ id }),
    users.listRoleMappings({ id }),
    users.listFederatedIdentities({ id }),
    users.listConsents({ id }) as Promise<Consent[]>,
  ]);
  return {
    credentials: credentials.map(({ type, userLabel, createdDate }) => ({
      type: type ?? "",
      label: userLabel ?? null,
      createdAt: timeOf(createdDate),
    })),
    groups: groups.map(({ path }) => path ?? ""),
    realmRoles: namesOf(roles.realmMappings),
    clientRoles: Object.fromEntries(
      Object.entries(roles.clientMappings ?? {}).map(([client, { mappings }]) => [client, namesOf(mappings)]),
    ),
    identities: identities.map(({ identityProvider, userId: theirs, userName }) => ({
      provider: identityProvider ?? "",
      userId: theirs ?? null,
      username: userName ?? null,
    })),
    consents: consents.map(({ clientId, grantedClientScopes, createdDate }) => ({
      clientId: clientId ?? "",
      scopes: grantedClientScopes ?? [],
      grantedAt: timeOf(createdDate),
    })),
  };
}

/** As Keycloak answers; the client's own type has no times. */
interface Consent {
  clientId?: string;
  grantedClientScopes?: string[];
  createdDate?: number;
}

const timeOf = (milliseconds: number | undefined) => (milliseconds ? new Date(milliseconds) : null);

const namesOf = (roles: { name?: string }[] | undefined) => (roles ?? []).flatMap(({ name }) => (name ? [name] : []));
