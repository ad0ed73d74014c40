import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import type { ChangeChannel } from "../guard/change-channel.ts";
import { Guard } from "../guard/guard.ts";
import { JoseGuardTokenVerifier } from "../keycloak/guard-token-verifier.ts";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";
import { PublishedGuardKeys } from "../keycloak/published-guard-keys.ts";

/** Keys of tokens are fetched from the realm: none can be given. */
export interface KeycloakAuthOptions {
  /** Base URL of Keycloak as this process dials it. */
  url?: string;
  realm?: string;
  /** The client that tokens are for (`aud`): the gateway's. */
  clientId?: string;
  /** `iss` of the realm's tokens, where it differs from `<url>/realms/<realm>`. */
  issuer?: string;
  /** Clients whose tokens are accepted (`azp`); `clientId` alone when left out. */
  authorizedParties?: readonly string[];
  signatureAlgorithm?: "RS256" | "ES256";
  /** Limit of a call to Keycloak, in milliseconds; 3000. */
  timeoutMs?: number;
  databaseUrl?: string;
  /** A client of the same database, to share its connections. */
  database?: PrismaClient;
  /** Most tokens, sessions and users kept in memory, each; 10000. */
  cacheSize?: number;
  /** How old an answer may be while the channel of changes is lost. Milliseconds; 2000. */
  staleMs?: number;
}

/** @throws Error for a setting that is missing */
export function openGuard(options: KeycloakAuthOptions = {}): Guard {
  const { env } = process;
  const databaseUrl = options.databaseUrl ?? env.DATABASE_URL;
  const url = required("KEYCLOAK_URL", options.url ?? env.KEYCLOAK_URL);
  const realm = required("KEYCLOAK_REALM", options.realm ?? env.KEYCLOAK_REALM);
  const clientId = required("KEYCLOAK_CLIENT_ID", options.clientId ?? env.KEYCLOAK_CLIENT_ID);
  const issuer = options.issuer ?? (env.KEYCLOAK_ISSUER || undefined);
  const { certs, ...endpoints } = keycloakEndpoints({ url, realm, issuer });
  const keys = new PublishedGuardKeys({ certs, ...(options.timeoutMs && { timeoutMs: options.timeoutMs }) });
  keys.warm();
  const database = options.database ?? createDatabase(required("DATABASE_URL", databaseUrl), { poolSize: 4 });
  return new Guard({
    verifier: new JoseGuardTokenVerifier(keys, {
      issuer: endpoints.issuer,
      audience: clientId,
      authorizedParties: options.authorizedParties ?? [clientId],
      algorithm: options.signatureAlgorithm ?? "RS256",
    }),
    repository: createRepositories(database).guard,
    channel: new NoChannel(),
    cacheSize: options.cacheSize,
    staleMs: options.staleMs,
  });
}

/** Changes are not told: answers are up to `staleMs` old. */
class NoChannel implements ChangeChannel {
  isUp(): boolean {
    return false;
  }
  listen(): void {}
  async close(): Promise<void> {}
}

function required(name: string, value: string | undefined): string {
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
