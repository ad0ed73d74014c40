/** `error`: people are kept out, or something is unsafe or lost. `warning`: it works, and should not stay so. */
export type Severity = "error" | "warning";

const APPLY = "authctl realm apply sets it right";

/** Every finding by its stable code: what is wrong, and what to do. */
export const findingCatalogue = {
  "keycloak.unreachable": error("Keycloak does not answer", "check KEYCLOAK_URL, and that Keycloak runs"),
  "keycloak.realm_missing": error(
    "Keycloak has no such realm",
    "check KEYCLOAK_REALM, or make it: authctl realm apply",
  ),
  "keycloak.realm_disabled": error("the realm is disabled", "enable it in Keycloak"),
  "keycloak.issuer_mismatch": error(
    "tokens name another issuer than the gateway expects, so that it refuses all of them",
    "set KEYCLOAK_ISSUER to what Keycloak says, or Keycloak's hostname to what is meant",
  ),
  "keycloak.https_required": error(
    "Keycloak refuses plain HTTP from here (sslRequired)",
    "dial it with https, or let a proxy in front end TLS; for development: KEYCLOAK_SSL_REQUIRED=none authctl realm apply",
  ),
  "keycloak.version_old": error("this Keycloak is too old", "update it: 26.6 is the oldest that has all that is used"),
  "keycloak.version_untested": warning("this Keycloak is newer than those that were tested", "try it on a copy first"),
  "keycloak.admin_refused": error(
    "the setup credential is refused, so that half of the checks could not be made",
    "check KEYCLOAK_ADMIN_USERNAME and KEYCLOAK_ADMIN_PASSWORD: an administrator of the master realm",
  ),
  "client.missing": error("the realm has no such client", `check KEYCLOAK_CLIENT_ID; ${APPLY}`),
  "client.refused": error(
    "Keycloak refuses the gateway's client: its id or secret is wrong, or it is disabled",
    "check KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET; authctl realm apply stores that secret",
  ),
  "client.service_account_off": error("the client has no service account", APPLY),
  "client.password_grant_off": error("the client may not log people in (direct access grants)", APPLY),
  "client.full_scope_on": error("every role of a person gets into the gateway's tokens (full scope)", APPLY),
  "client.audience_missing": error("access tokens do not name the client as their audience", APPLY),
  "client.sub_missing": error(
    "access tokens name no user (sub)",
    "give the client the scope `basic` as a default, and switch lightweight access tokens off",
  ),
  "client.algorithm": error(
    "tokens are signed in another way than the gateway accepts (RS256)",
    "set the client's access token signature algorithm, or the realm's default, to RS256",
  ),
  "client.backchannel_missing": warning(
    "the client has no back-channel logout URL: sessions that end in Keycloak are learnt from events alone, later",
    "KEYCLOAK_BACKCHANNEL_LOGOUT_URL=https://…/auth/backchannel-logout authctl realm apply",
  ),
  "client.backchannel_other": error("the client's back-channel logout is not set as it should be", APPLY),
  "client.settings": warning("settings of the client are not what the gateway needs", APPLY),
  "service_account.role_missing": error("the service account lacks a role", APPLY),
  "service_account.role_extra": error("the service account may more than it needs", APPLY),
  "user_profile.mark_missing": error(
    "the user profile does not declare the attribute that marks registrations: Keycloak drops it, and none can succeed",
    APPLY,
  ),
  "user_profile.blocks_registration": error(
    "the user profile demands an attribute that people may not set: nobody can register through the gateway",
    "let people and administrators edit it, give it a default, or require it of nobody",
  ),
  "user_profile.asks_at_login": warning(
    "the user profile requires an attribute of people that administrators may not set: who registers has to give it on Keycloak's own page before the first login",
    "let administrators edit it too, or do not require it",
  ),
  "events.user_events_off": error("the realm does not store user events: the change feed is blind", APPLY),
  "events.admin_events_off": error("the realm does not store admin events: the change feed is blind", APPLY),
  "events.types_missing": error("events that the change feed needs are not stored", APPLY),
  "events.unwanted_types": warning("events are stored that only drown the others", APPLY),
  "events.kept_too_short": error("events are deleted before a short outage is over", APPLY),
  "events.details_stored": warning("admin events keep request bodies: personal data that nothing here reads", APPLY),
  "realm.settings": warning("settings of the realm are not what the gateway needs", APPLY),
  "realm.brute_force_off": error("nothing in Keycloak stops the guessing of passwords", APPLY),
  "realm.brute_force_settings": warning("the protection against guessing is set in another way", APPLY),
  "realm.rotation_on": warning(
    "refresh tokens are rotated (revokeRefreshToken): to a confidential client it brings nothing but lost sessions",
    APPLY,
  ),
  "realm.https_not_required": error(
    "Keycloak lets passwords come over plain HTTP (sslRequired is none), and is not on this machine alone",
    "KEYCLOAK_SSL_REQUIRED=external authctl realm apply",
  ),
  "realm.access_token_life": warning(
    "access tokens live for an odd time: 1 to 15 minutes are sane",
    "set the realm's access token lifespan",
  ),
  "realm.session_life": error(
    "sessions end before their access token does, or live on for ever",
    "set the realm's SSO session idle and max above the access token lifespan",
  ),
  "realm.duplicate_emails": error(
    "the realm lets two users have one email; here an email belongs to one",
    "switch duplicate emails off in the realm's login settings",
  ),
  "realm.grant_flow_broken": error(
    "the direct grant flow has a step that fails for the people whom it is for: their logins are 502 or 503",
    "take the step out of the flow, or make it conditional; only steps that need no browser work",
  ),
  "realm.grant_flow_denies": warning(
    "the direct grant flow keeps some people out: their logins are 403 auth.denied or auth.session_limit",
    "nothing, if that is meant",
  ),
  "realm.grant_flow_reveals": warning(
    "the direct grant flow denies before it checks the password: anybody can find out whom it denies",
    "move the step behind the password",
  ),
  "realm.admins_inside": warning(
    "the realm has administrators of its own: whoever gets hold of the gateway's client can become one",
    "keep administrators in the realm master",
  ),
  "database.unreachable": error("PostgreSQL does not answer", "check DATABASE_URL, and that PostgreSQL runs"),
  "database.version_old": error("this PostgreSQL is too old", "update it: 14 is the oldest that is supported"),
  "database.version_untested": warning(
    "this PostgreSQL is newer than those that were tested",
    "try it on a copy first",
  ),
  "database.read_only": error("this PostgreSQL only reads: a standby, or set so", "point DATABASE_URL at the primary"),
  "database.migrations_missing": error("migrations are missing", "authctl db migrate applies them"),
  "database.migration_edited": error(
    "a migration was edited after it was applied",
    "restore its file, and write a new migration instead",
  ),
  "database.migration_failed": error(
    "a migration failed and left the database half done",
    'repair it by hand, then mark it with "prisma migrate resolve"',
  ),
  "database.migrations_newer": warning("the database is ahead of this program", "run the newer program"),
  "database.no_create": error(
    "the account may not make schemas, and there is none for background work (pgboss)",
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
    "put the key back, second in TOKEN_ENCRYPTION_KEYS, and run authctl keys reencrypt",
  ),
  "keys.undecryptable": error(
    "a stored token does not open under the key of its name: that id means another key now",
    "give the old key back its id, and the new one an id of its own",
  ),
  "runtime.bun_old": error("this Bun is too old", "update it: 1.4 is the oldest that is supported"),
} satisfies Record<string, CatalogueEntry>;

interface CatalogueEntry {
  severity: Severity;
  what: string;
  todo: string;
}

export type FindingCode = keyof typeof findingCatalogue;

function error(what: string, todo: string): CatalogueEntry {
  return { severity: "error", what, todo };
}

function warning(what: string, todo: string): CatalogueEntry {
  return { severity: "warning", what, todo };
}
