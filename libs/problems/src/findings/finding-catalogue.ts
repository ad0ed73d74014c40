import { addressFindingCatalogue } from "./address-finding-catalogue.ts";
import { APPLY, type CatalogueEntry, error, note, type Severity, warning } from "./catalogue-entry.ts";
import { settingFindingCatalogue } from "./setting-finding-catalogue.ts";
import { FIRST_WITH_EVENTS, OLDEST_KEYCLOAK } from "./version-support.ts";

export type { Severity };

/**
 * Every finding by its stable code: what is wrong, and what to do.
 * @example
 * ```ts
 * import { findingCatalogue } from "@libs/problems/findings";
 *
 * for (const [code, { severity, what, todo }] of Object.entries(findingCatalogue)) console.log(severity, code, what, todo);
 * ```
 */
export const findingCatalogue = {
  "keycloak.unreachable": error("Keycloak does not answer", "check KEYCLOAK_URL, and that Keycloak runs"),
  "keycloak.not_keycloak": error(
    "what answers is not Keycloak, or Keycloak is at another path",
    "check KEYCLOAK_URL: host, port, and the path if Keycloak has one (KC_HTTP_RELATIVE_PATH)",
  ),
  "keycloak.keys_unreadable": error(
    "the realm's published keys can't be read",
    "open the realm's /protocol/openid-connect/certs from here: a proxy may block it",
  ),
  "keycloak.keys_missing": error(
    "the key that signs tokens is not among the realm's published keys",
    "enable a key provider for signing in the realm's settings",
  ),
  "keycloak.realm_missing": error(
    "Keycloak has no such realm",
    "check KEYCLOAK_REALM, or create it: authctl realm apply",
  ),
  "keycloak.realm_disabled": error("the realm is disabled", "enable it in Keycloak"),
  "keycloak.issuer_mismatch": error(
    "tokens name another issuer than the gateway expects, so that it refuses all of them",
    "set KEYCLOAK_ISSUER to the issuer that Keycloak uses, or correct Keycloak's hostname",
  ),
  "keycloak.https_required": error(
    "Keycloak refuses plain HTTP from here (sslRequired)",
    "use https, or let a proxy in front terminate TLS; for development: KEYCLOAK_SSL_REQUIRED=none authctl realm apply",
  ),
  "keycloak.version_old": error(
    "this Keycloak is too old",
    `update it: ${OLDEST_KEYCLOAK} is the oldest that is supported, ${FIRST_WITH_EVENTS} the oldest with full support`,
  ),
  "keycloak.without_events": note(
    "this Keycloak's events can't be read one after the other: feed_mode is reconciliation",
    `nothing, if RECONCILE_PERIOD_MS is soon enough for changes in Keycloak; else update it to ${FIRST_WITH_EVENTS} or newer`,
  ),
  "keycloak.version_untested": warning("this Keycloak is newer than those that were tested", "try it on a copy first"),
  "keycloak.admin_refused": error(
    "the setup credential is refused, so that half of the checks could not be made",
    "check KEYCLOAK_ADMIN_USERNAME and KEYCLOAK_ADMIN_PASSWORD: an administrator of the master realm",
  ),
  "client.missing": error("the realm has no such client", `check KEYCLOAK_CLIENT_ID; ${APPLY}`),
  "client.unknown": error(
    "the realm has no such client, or it is disabled",
    `check KEYCLOAK_CLIENT_ID and KEYCLOAK_REALM, and enable the client; ${APPLY}`,
  ),
  "client.refused": error(
    "Keycloak refuses the gateway's client: its secret differs",
    "check KEYCLOAK_CLIENT_SECRET; authctl realm apply stores that secret",
  ),
  "client.public": error("the client is public: it has no secret and no service account", APPLY),
  "client.bearer_only": error("the client is bearer-only: it can get no tokens", APPLY),
  "client.protocol": error("the client does not speak OpenID Connect", `check KEYCLOAK_CLIENT_ID; ${APPLY}`),
  "client.authenticator": error("the client is set to authenticate by something other than a secret", APPLY),
  "client.consent_required": error(
    "the client asks users for consent, which a password login can't show",
    "switch Consent required off in the client's settings",
  ),
  "client.basic_missing": warning(
    "the client lacks the client scope `basic`: people's access tokens name no user (sub), and every login fails, unless the client has another mapper for it",
    "give the client the scope `basic` as a default",
  ),
  "client.login_sub_missing": error(
    "a person's access token named no user (sub): logins and refreshes are 502",
    "give the client the scope `basic` as a default, not as optional",
  ),
  "client.token_refused": error(
    "guards would refuse the access tokens that Keycloak issues to this client",
    `compare the client with one that authctl realm apply creates`,
  ),
  "service_account.disabled": error("the client's service account is disabled", "enable that user in Keycloak"),
  "client.service_account_off": error("the client has no service account", APPLY),
  "client.password_grant_off": error("the client may not log users in (direct access grants)", APPLY),
  "client.full_scope_on": note(
    "every role of a user is in the gateway's tokens (full scope): they are larger, and allow more than they need to",
    APPLY,
  ),
  "client.audience_missing": error(
    "access tokens do not name the client as their audience",
    `${APPLY}; lightweight access tokens must be off`,
  ),
  "client.sub_missing": error(
    "access tokens name no user (sub)",
    "give the client the scope `basic` as a default, and switch lightweight access tokens off",
  ),
  "client.algorithm": error(
    "tokens are signed with an algorithm that the gateway does not accept, so that every login fails",
    "set the client's access token signature algorithm to one that is asymmetric and in KEYCLOAK_SIGNING_ALGORITHMS, if that is set",
  ),
  "client.pairwise_sub": error(
    "access tokens name people by pairwise subjects instead of their user ids: every login fails",
    "remove the mapper `Pairwise subject identifier` from the client and its scopes",
  ),
  "client.refresh_tokens_off": error(
    "the client gets no refresh tokens, so that every login fails",
    "switch `Use refresh tokens` on (use.refresh.tokens)",
  ),
  "client.logout_algorithm": warning(
    "logout tokens are signed with an algorithm that the gateway does not accept: sessions that end in Keycloak are noticed only through events, and later",
    "set the client's ID token signature algorithm to one that is asymmetric and in KEYCLOAK_SIGNING_ALGORITHMS, if that is set",
  ),
  "client.token_too_large": error(
    "a person's access token is longer than guards accept: that login fails",
    "keep roles and claims out of it (full scope, scope mappings, mappers), or raise KEYCLOAK_TOKEN_MAX_BYTES everywhere",
  ),
  "client.token_large": warning(
    "a person's access token is longer than some proxies accept (nginx and Apache: 8 kB in one header)",
    "keep roles and claims out of it (full scope, scope mappings, mappers), or raise the proxy's limit",
  ),
  "realm.role_with_colon": warning(
    "a realm role that users have has a colon in its name: other services may mistake it for a client role",
    "rename it; guards refer to it with a colon in front",
  ),
  "client.backchannel_missing": note(
    "the client has no back-channel logout URL: sessions that end in Keycloak are noticed only through events, and later",
    "KEYCLOAK_BACKCHANNEL_LOGOUT_URL=https://…/auth/backchannel-logout authctl realm apply",
  ),
  "client.backchannel_other": error("the client's back-channel logout is not set as it should be", APPLY),
  "client.settings": warning("settings of the client are not what the gateway needs", APPLY),
  "service_account.role_missing": error("the service account lacks a role", APPLY),
  "service_account.role_extra": error(
    "the service account has a role that gives it more power than managing users",
    APPLY,
  ),
  "user_profile.mark_missing": error(
    "the user profile does not declare the attribute that marks registrations: Keycloak drops it, and none can succeed",
    APPLY,
  ),
  "user_profile.blocks_registration": error(
    "the user profile requires an attribute that users may not set: nobody can register through the gateway",
    "let users and administrators edit it, give it a default, or do not require it",
  ),
  "user_profile.asks_at_login": warning(
    "the user profile requires an attribute that administrators may not set: new users have to enter it on Keycloak's own page before the first login",
    "let administrators edit it too, or do not require it",
  ),
  "events.user_events_off": error("the realm does not store user events: the change feed misses these changes", APPLY),
  "events.admin_events_off": error(
    "the realm does not store admin events: the change feed misses these changes",
    APPLY,
  ),
  "events.types_missing": error("events that the change feed needs are not stored", APPLY),
  "events.unwanted_types": warning("events are stored that only drown out the others", APPLY),
  "events.kept_too_short": error("events are deleted before a short outage is over", APPLY),
  "events.details_stored": warning(
    "admin events keep request bodies: personal data that the gateway never reads",
    APPLY,
  ),
  "realm.settings": warning("settings of the realm are not what the gateway needs", APPLY),
  "realm.brute_force_off": error("nothing in Keycloak stops password guessing", APPLY),
  "realm.rotation_on": warning(
    "refresh tokens are rotated (revokeRefreshToken): for a confidential client this only causes lost sessions",
    APPLY,
  ),
  "realm.https_not_required": error(
    "Keycloak accepts passwords over plain HTTP (sslRequired is none), and is not on this machine alone",
    "KEYCLOAK_SSL_REQUIRED=external authctl realm apply",
  ),
  "realm.access_token_life": warning(
    "the access token lifespan is unusual: 1 to 15 minutes are reasonable",
    "set the realm's access token lifespan",
  ),
  "realm.grant_flow_broken": error(
    "the direct grant flow has a step that fails for the users it applies to: their logins get 502 or 503",
    "remove the step from the flow, or make it conditional; only steps that need no browser work",
  ),
  "realm.grant_flow_denies": warning(
    "the direct grant flow denies some users: their logins get 403 auth.denied or auth.session_limit",
    "nothing, if that is intended",
  ),
  "realm.grant_flow_reveals": warning(
    "the direct grant flow denies users before it checks the password: anyone can find out whom it denies",
    "move the step after the password check",
  ),
  "realm.admins_inside": warning(
    "the realm has administrators of its own: anyone who takes over the gateway's client can become one",
    "keep administrators in realm master",
  ),
  "database.unreachable": error("PostgreSQL does not answer", "check DATABASE_URL, and that PostgreSQL runs"),
  "database.not_postgres": error("what answers is not PostgreSQL", "check host and port of DATABASE_URL"),
  "database.unknown": error("PostgreSQL has no such database", "check the name in DATABASE_URL, or create it"),
  "database.password_wrong": error(
    "PostgreSQL refuses the account: its name or password is wrong",
    "check the account and password in DATABASE_URL",
  ),
  "database.refused": error(
    "PostgreSQL does not let this account connect from here",
    "check the account in DATABASE_URL, its CONNECT right, and pg_hba.conf",
  ),
  "database.tls": error("TLS to PostgreSQL fails", "check sslmode and certificates in DATABASE_URL"),
  "database.connections_used_up": error(
    "PostgreSQL has no connection left",
    "lower DATABASE_POOL_SIZE, raise max_connections, or put a pooler in between",
  ),
  "database.empty": error("the database has none of the tables", "check DATABASE_URL; authctl db migrate creates them"),
  "database.schema_not_visible": error(
    "the tables are in a schema that this account does not see",
    "name it in DATABASE_URL (?schema=…) or set the account's search_path to it, and GRANT USAGE ON SCHEMA … TO the account",
  ),
  "database.schema_incomplete": error(
    "tables or columns that this program needs are missing",
    "run the program that belongs to this schema, or finish the migration: authctl db migrate",
  ),
  "database.columns_demanded": error(
    "the database requires columns that this program does not know: it can't insert rows",
    "run the newer program, or give the columns a default",
  ),
  "database.no_rights": error(
    "the account lacks rights on tables or sequences that it needs",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA … TO the account, and USAGE ON ALL SEQUENCES IN SCHEMA …; again after a migration that makes new ones, or once by ALTER DEFAULT PRIVILEGES",
  ),
  "database.unreadable": error("the database's catalogue can't be read", "see the log of PostgreSQL for the SQLSTATE"),
  "database.version_old": error("this PostgreSQL is too old", "update it: 14 is the oldest that is supported"),
  "database.version_untested": warning(
    "this PostgreSQL is newer than those that were tested",
    "try it on a copy first",
  ),
  "database.direct_pooled": error(
    "LISTEN and background work go through a pooler in transaction mode: notifications do not arrive, and the migration lock is never released",
    "name PostgreSQL itself, or a pooler in session mode, in DATABASE_DIRECT_URL",
  ),
  "database.direct_elsewhere": error(
    "DATABASE_DIRECT_URL and DATABASE_URL lead to two databases: changes in one are not notified from the other",
    "name the same database in both",
  ),
  "database.direct_unusable": error(
    "DATABASE_DIRECT_URL gives no connection",
    "check its host, account and sslmode, and that PostgreSQL lets this account connect from here",
  ),
  "database.read_only": error(
    "this PostgreSQL is read-only: a standby, or configured so",
    "point DATABASE_URL at the primary",
  ),
  "database.migrations_missing": error("migrations are missing", "authctl db migrate applies them"),
  "database.migration_edited": error(
    "a migration was edited after it was applied",
    "restore its file, and write a new migration instead",
  ),
  "database.migration_failed": error(
    "a migration started and did not finish: it is still running, or it failed and left the database half migrated",
    'wait for it, or run authctl db migrate again: it resumes what it can. Otherwise repair it by hand, then mark it with "prisma migrate resolve"',
  ),
  "database.migrations_newer": warning("the database is ahead of this program", "run the newer program"),
  "database.no_create": error(
    "the account may not create schemas, and there is none for background work (pgboss)",
    "GRANT CREATE ON DATABASE … TO the account",
  ),
  "database.connections": error(
    "PostgreSQL has fewer connections than the replicas may open",
    "lower DATABASE_POOL_SIZE, raise max_connections, or put a pooler in between",
  ),
  "clock.keycloak": error(
    "Keycloak's clock and this machine's differ: tokens seem to be expired, or not valid yet",
    "set both by NTP",
  ),
  "clock.keycloak_drifts": warning("Keycloak's clock and this machine's drift apart", "set both by NTP"),
  "clock.database": error("PostgreSQL's clock and this machine's differ", "set both by NTP"),
  "clock.database_drifts": warning("PostgreSQL's clock and this machine's drift apart", "set both by NTP"),
  "keys.invalid": error("TOKEN_ENCRYPTION_KEYS is not valid", 'one key: echo "k1:$(openssl rand -base64 32)"'),
  "keys.unknown": error(
    "tokens are stored under a key that the ring does not have: their sessions can't be refreshed",
    "put the key back, second in TOKEN_ENCRYPTION_KEYS, and run authctl keys reencrypt; if it is lost, end those sessions",
  ),
  "keys.undecryptable": error(
    "a stored token can't be decrypted with the key of its id: that id now belongs to another key",
    "give the old key back its id, and the new one an id of its own",
  ),
  ...settingFindingCatalogue,
  ...addressFindingCatalogue,
  "runtime.bun_old": error("this Bun is too old", "update it: 1.4 is the oldest that is supported"),
} satisfies Record<string, CatalogueEntry>;

/**
 * A code of the {@link findingCatalogue}, such as `keycloak.unreachable`.
 * @see {@link finding}
 */
export type FindingCode = keyof typeof findingCatalogue;
