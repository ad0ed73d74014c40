import type { Logger, Registry } from "@libs/observability";
import { currentSecret, type Secret, secretFromEnvironment } from "@libs/observability/secrets";
import { PostgresChangeChannel, staysAtDatabase } from "@libs/postgres";
import { SetupError } from "@libs/problems";
import { openGuardDatabase, type SharedDatabase, shareDatabase } from "../database/guard-database.ts";
import { PostgresGuardRepository } from "../database/postgres-guard-repository.ts";
import { DEFAULT_STALE_MS, Guard } from "../guard/guard.ts";
import { type GuardProblemKind, watchChannel } from "../guard/watch-channel.ts";
import { JoseGuardTokenVerifier } from "../keycloak/guard-token-verifier.ts";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";
import { PublishedGuardKeys } from "../keycloak/published-guard-keys.ts";
import { PublishedKeys } from "../keycloak/published-keys.ts";
import { RealmIssuer } from "../keycloak/realm-issuer.ts";
import { acceptedAlgorithms, type SignatureOptions } from "../keycloak/signature-algorithms.ts";
import { readTokenOptions } from "../keycloak/token-options.ts";
import { ConfigurationWatch } from "../startup-check/configuration-watch.ts";

/**
 * Keys of tokens are fetched from the realm: none can be given, only a cache of those that are fetched already.
 * @see {@link openGuard}
 */
export interface KeycloakAuthOptions extends SignatureOptions {
  /** Base URL of Keycloak as this process dials it. */
  url?: string;
  realm?: string;
  /** The client that tokens are for (`aud`): the gateway's. */
  clientId?: string;
  /** `iss` of the realm's tokens; discovered when left out. */
  issuer?: string;
  /** Clients whose tokens are accepted (`azp`); when left out, `clientId` and those of `KEYCLOAK_AUTHORIZED_PARTIES`. */
  authorizedParties?: readonly string[];
  /** Longest token that is read; when left out, `KEYCLOAK_TOKEN_MAX_BYTES`, and 12 288 bytes without it. */
  maxTokenBytes?: number;
  /** Limit of a call to Keycloak, in milliseconds; 3000. */
  timeoutMs?: number;
  /** Where this process fetches the same realm's keys anyway: `KeycloakIntegrationService.publishedKeys`. */
  publishedKeys?: PublishedKeys;
  /**
   * May lead through a pooler of any mode. Asked for at each connection where it is a function. Default: `DATABASE_URL`,
   * or the file that `DATABASE_URL_FILE` names.
   */
  databaseUrl?: Secret;
  /**
   * The same database, reached directly or through a pooler in session mode: changes come by `LISTEN`. Default:
   * `DATABASE_DIRECT_URL`, or the file that `DATABASE_DIRECT_URL_FILE` names, unless `databaseUrl` is given; then that.
   */
  databaseDirectUrl?: Secret;
  /** A client of the same database, to share its connections. */
  database?: SharedDatabase;
  /** Most tokens, sessions and users kept in memory, each; 10000. */
  cacheSize?: number;
  /** How old an answer may be while the channel of changes is lost. Milliseconds; 2000. */
  staleMs?: number;
  /** For the metrics `guard_channel_up` and `config_problem`. */
  registry?: Registry;
  logger?: Logger;
  /** Called with `channel_lost`, and with null when it is back. */
  onProblem?: (problem: GuardProblemKind | null) => void;
  /** The tables that the service reads beside those of the guard: checked with them. */
  tables?: readonly string[];
  /** Whether the guard checks its own configuration, now and every 10 seconds: {@link Guard.configuration}; on. */
  checkConfiguration?: boolean;
}

/**
 * Keys are fetched and changes are listened for from now on. Whoever opens a guard closes it. What is left out of the options
 * is taken from the environment, here alone in this package.
 * @param options as for {@link keycloakAuth}
 * @throws SetupError for a setting that is missing or can't be used; SecretFileError, one of them, for a file
 * @example
 * ```ts
 * import { type Guard, type KeycloakAuthOptions, keycloakAuth, openGuard } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * const options: KeycloakAuthOptions = { url: "http://keycloak:8080", realm: "app", clientId: "gateway", staleMs: 1000 };
 * const guard: Guard = openGuard(options);
 * const api = new Elysia().use(keycloakAuth(guard)).get("/me", ({ user }) => user.id, { auth: true }).listen(3000);
 * const admin = new Elysia().use(keycloakAuth(guard)).get("/users", () => [], { roles: ["admin"] }).listen(3001);
 *
 * process.once("SIGTERM", async () => {
 *   await Promise.all([api.stop(), admin.stop()]);
 *   await guard.close();
 * });
 * ```
 */
export function openGuard(options: KeycloakAuthOptions = {}): Guard {
  const env = process.env;
  const { registry, logger, onProblem, staleMs = DEFAULT_STALE_MS } = options;
  const databaseUrl = required(
    "DATABASE_URL",
    options.databaseUrl ?? secretFromEnvironment("DATABASE_URL", env, { check: staysAtDatabase }),
  );
  const directUrl =
    options.databaseDirectUrl ??
    (options.databaseUrl ? undefined : secretFromEnvironment("DATABASE_DIRECT_URL", env, { check: staysAtDatabase }));
  const clientId = required("KEYCLOAK_CLIENT_ID", options.clientId ?? env.KEYCLOAK_CLIENT_ID);
  const fromEnvironment = readTokenOptions(env, clientId);
  const signature = options.signatureAlgorithms || options.signatureAlgorithm ? options : fromEnvironment;
  const realm = {
    url: required("KEYCLOAK_URL", options.url ?? env.KEYCLOAK_URL),
    realm: required("KEYCLOAK_REALM", options.realm ?? env.KEYCLOAK_REALM),
    issuer: options.issuer ?? (env.KEYCLOAK_ISSUER || undefined),
    ...(options.timeoutMs && { timeoutMs: options.timeoutMs }),
  };
  const { certs } = keycloakEndpoints(realm);
  const { publishedKeys = new PublishedKeys({ certs, timeoutMs: options.timeoutMs }) } = options;
  if (publishedKeys.certs !== certs) throw new SetupError("setup.invalid", "publishedKeys are those of another realm");
  const stopKeys = publishedKeys.keepFresh();
  const issuer = new RealmIssuer(realm);
  issuer.warm();
  const configuration = new ConfigurationWatch({
    check: async () => {
      // Only here: whoever imports the guard for its tests checks nothing.
      const { checkGuard } = await import("../startup-check/check-guard.ts");
      return await checkGuard({
        keycloak: { ...realm, clientId },
        databaseUrl: currentSecret(databaseUrl),
        databaseDirectUrl: directUrl && currentSecret(directUrl),
        ...(options.tables && { tables: options.tables }),
      });
    },
    logger,
    registry,
  });
  if (options.checkConfiguration ?? true) configuration.start();
  const database = options.database ? shareDatabase(options.database) : openGuardDatabase(databaseUrl);
  const onState = watchChannel({ registry, logger, onProblem, staleMs });
  return new Guard({
    verifier: new JoseGuardTokenVerifier(new PublishedGuardKeys(publishedKeys), {
      issuer,
      audience: clientId,
      authorizedParties: options.authorizedParties ?? fromEnvironment.authorizedParties,
      algorithms: acceptedAlgorithms(signature),
    }),
    repository: new PostgresGuardRepository(database.run),
    channel: new PostgresChangeChannel(directUrl ?? databaseUrl, {
      onState: (up) => {
        // Where the channel's server was left for another, a connection that only reads would go on with the old one.
        if (!up) database.leaveServer();
        onState(up);
      },
    }),
    cacheSize: options.cacheSize,
    maxTokenBytes: options.maxTokenBytes ?? fromEnvironment.maxTokenBytes,
    staleMs,
    configuration: options.checkConfiguration === false ? undefined : configuration,
    onClose: async () => {
      configuration.stop();
      stopKeys();
      await database.close();
    },
  });
}

function required<Value>(name: string, value: Value | undefined): Value {
  if (!value) throw new SetupError("setup.missing", `${name} is not set`);
  return value;
}
