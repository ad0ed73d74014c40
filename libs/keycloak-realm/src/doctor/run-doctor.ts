import { clientCredentials, keycloakEndpoints } from "@libs/auth-guard/keycloak";
import { firstOfEach } from "@libs/auth-guard/startup-check";
import { createDatabase, createRepositories } from "@libs/database";
import { type AdminApi, createAdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { checkKeys } from "@libs/keycloak-authV2/services/keys";
import { checkKeycloak as checkQuickly } from "@libs/keycloak-authV2/startup-check";
import { isAuthError } from "@libs/problems";
import type { FindingCode } from "@libs/problems/findings";
import { type Finding, finding } from "@libs/problems/findings";
import { createRealmApi } from "../realm/realm-api.ts";
import { checkKeycloakAddresses, checkSessionAddresses } from "./check-addresses.ts";
import { checkDatabase } from "./check-database.ts";
import { checkPersonTokens } from "./check-person-tokens.ts";
import { checkRealm } from "./check-realm.ts";
import { checkSetup } from "./check-setup.ts";
import { checkToken } from "./check-token.ts";
import { checkUserProfile } from "./check-user-profile.ts";
import { checkBun, checkEvents, checkKeycloakVersion } from "./check-versions.ts";
import type { Checked, DoctorOptions, DoctorReport } from "./doctor-options.ts";

const TIMEOUT_MS = 10_000;

/**
 * Checks everything that the gateway depends on, and changes nothing. (One login without a name is tried: it
 * leaves a `LOGIN_ERROR` event.)
 * @param options as the gateway has them; times in milliseconds
 * @throws AuthError where Keycloak answers in a way that no check knows
 * @example
 * ```ts
 * import { type DoctorOptions, type DoctorReport, runDoctor } from "@libs/keycloak-realm/doctor";
 *
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const options: DoctorOptions = {
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret },
 *   databaseUrl: process.env.DATABASE_URL ?? "",
 *   tokenEncryptionKeys: process.env.TOKEN_ENCRYPTION_KEYS ?? "",
 * };
 * const { findings, unchecked }: DoctorReport = await runDoctor(options);
 * for (const { severity, what, todo } of findings) console.log(severity, what, todo);
 * console.log("not checked:", unchecked);
 * ```
 */
export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const parts = await Promise.all([checkKeycloak(options), checkStores(options), { findings: checkBun() }]);
  const all = parts.flatMap(({ findings = [] }) => findings);
  const findings = firstOfEach(all.filter(isCause(all))).sort((a, b) => rank(a) - rank(b));
  return { findings, unchecked: parts.flatMap(({ unchecked = [] }: Checked) => unchecked) };
}

/** What the gateway does not know Keycloak can't know either: one finding for one cause. */
const isCause = (all: readonly Finding[]) => {
  const unknownHere = all.some(({ code }) => code === "sessions.one_address" || code === "sessions.one_public_address");
  return ({ code }: Finding) => !(unknownHere && code === "sessions.one_address_in_keycloak");
};

const rank = ({ severity }: Finding): number => ["error", "warning", "note"].indexOf(severity);

/**
 * What the plan of `realm apply` would set, and the client's own calls show better: with fine-grained permissions an
 * account has the right without the role, and with full scope the role gets into its tokens without a mapping.
 */
const SHOWN_BY_TOKEN: ReadonlySet<FindingCode> = new Set(["service_account.role_missing"]);

/** What is stored of events matters to nobody where they can't be read. */
const OF_NO_USE: ReadonlySet<FindingCode> = new Set([
  "events.user_events_off",
  "events.admin_events_off",
  "events.types_missing",
  "events.kept_too_short",
]);

interface CheckedAsAdministrator extends Checked {
  /** People's tokens were seen to name them. */
  tokensNameSubject?: boolean;
}

const noChecks: CheckedAsAdministrator = {};

async function checkKeycloak(options: DoctorOptions): Promise<Checked> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const { findings, token, issuer } = await checkQuickly({ ...options, readsEvents: true, timeoutMs });
  const away = findings.some(({ code }) => code === "keycloak.unreachable" || code === "keycloak.not_keycloak");
  const [asClient, asAdministrator] = await Promise.all([
    token ? checkAsClient(clientApi(options), options, token.claims.sub) : [],
    away
      ? noChecks
      : checkAsAdministrator({ ...options, keycloak: { ...(issuer !== null && { issuer }), ...options.keycloak } }),
  ]);
  // An administrator knows which of the two it is.
  const isMissing = asAdministrator.findings?.some(({ code }) => code === "client.missing") === true;
  // Keycloak refuses a token that it can't read, whatever the moment from which tokens count.
  const unreadable = findings.some(({ code }) => code === "client.token_refused");
  const withoutEvents = asClient.some(({ code }) => code === "keycloak.without_events");
  const quick = findings.filter(
    ({ code }) =>
      !(isMissing && code === "client.unknown") &&
      // Another mapper than the scope's names people: without an administrator only a login shows it.
      !(asAdministrator.tokensNameSubject && code === "client.basic_missing"),
  );
  return {
    findings: [
      ...quick,
      ...(token ? checkToken(token) : []),
      ...asClient.filter(({ code }) => !(unreadable && code === "realm.not_before_future")),
      ...(asAdministrator.findings ?? []).filter(({ code }) => !(token && SHOWN_BY_TOKEN.has(code))),
    ].filter(({ code }) => !(withoutEvents && OF_NO_USE.has(code))),
    unchecked: asAdministrator.unchecked,
  };
}

async function checkAsClient(api: AdminApi, options: DoctorOptions, subject: string | undefined): Promise<Finding[]> {
  const settings = await checkRealm(api, options, subject);
  // Nothing else can be asked with such tokens.
  if (settings.some(({ code }) => code === "realm.not_before_future")) return settings;
  const { realm, clientId } = options.keycloak;
  const version = [...(await checkKeycloakVersion(api)), ...(await checkEvents(api, clientId))];
  return [...settings, ...version, ...(await checkUserProfile(api, realm))];
}

/** Speaks as the gateway does. */
function clientApi({ keycloak, timeoutMs = TIMEOUT_MS }: DoctorOptions): AdminApi {
  const { base: url, token: tokenUrl } = keycloakEndpoints(keycloak);
  const { realm } = keycloak;
  const grant = { grant_type: "client_credentials", ...clientCredentials(keycloak) };
  return createAdminApi({ url, realm, tokenUrl, grant, timeoutMs });
}

async function checkAsAdministrator(options: DoctorOptions): Promise<CheckedAsAdministrator> {
  const { admin, keycloak, timeoutMs = TIMEOUT_MS } = options;
  if (!admin) {
    const unseen =
      "the client's settings, people's tokens, addresses in Keycloak's sessions, lifetimes of sessions, rotation, HTTPS, administrators, Keycloak's version";
    return {
      unchecked: [`${unseen}: only an administrator sees them (KEYCLOAK_ADMIN_USERNAME, KEYCLOAK_ADMIN_PASSWORD)`],
    };
  }
  const api = createRealmApi({ keycloakUrl: keycloak.url, admin, timeoutMs });
  try {
    const version = await checkKeycloakVersion(api);
    // What is to be set up there is nothing that this version knows.
    if (version.some(({ code }) => code === "keycloak.version_old")) return { findings: version };
    const setup = await checkSetup(api, options);
    const isThere = !setup.some(({ code }) => code === "keycloak.realm_missing");
    const tokens = isThere ? await checkPersonTokens(api, options) : undefined;
    const addresses = isThere ? await checkKeycloakAddresses(api, options) : [];
    const found = [version, setup, tokens?.findings ?? [], addresses];
    return { findings: found.flat(), tokensNameSubject: tokens?.nameSubject };
  } catch (error) {
    if (isAuthError(error, "keycloak.misconfigured") && error.internal?.startsWith("admin_token"))
      return { findings: [finding("keycloak.admin_refused")] };
    throw error;
  }
}

async function checkStores(options: DoctorOptions): Promise<Checked> {
  const { findings, usable } = await checkDatabase(options);
  const { databaseUrl, tokenEncryptionKeys, timeoutMs = TIMEOUT_MS } = options;
  if (!usable) {
    const keys = await checkKeys(null, tokenEncryptionKeys);
    return { findings: [...findings, ...keys], unchecked: ["stored tokens: the database can't be read"] };
  }
  const database = createDatabase(databaseUrl, { poolSize: 1, queryTimeoutMs: timeoutMs, applicationName: "doctor" });
  try {
    const { storedTokens, sessionAddresses } = createRepositories(database);
    const keys = await checkKeys(storedTokens, tokenEncryptionKeys);
    return { findings: [...findings, ...keys, ...(await checkSessionAddresses(sessionAddresses, options.now))] };
  } finally {
    await database.$disconnect();
  }
}
