import type { TestRealm, TestStack } from "@libs/dev-stack";
import { storedEventTypes } from "../../libs/keycloak-authV2/src/keycloak/stored-event-types.ts";
import { type AdminCalls, adminCalls } from "./admin-calls.ts";

interface Named {
  id: string;
  name?: string;
}

const DAY_SECONDS = 24 * 3_600;

/** As `authctl realm apply` sets it up. */
export function oursRealm(stack: TestStack): Promise<TestRealm> {
  return stack.createRealm({ backchannelLogoutUrl: "http://localhost:3000/auth/backchannel-logout" });
}

/**
 * Made by hand, and by nobody who knew `realm apply`: no role but two for reading, the rest by fine-grained permissions;
 * the audience from a client scope, full scope, a flow of its own, other lifetimes, policy, language and profile.
 */
export async function handmadeRealm(stack: TestStack): Promise<TestRealm> {
  // The name of a realm that goes with the stack.
  const made = await stack.createRealm();
  await made.drop();
  await adminCalls(stack, "").call("POST", "", { realm: made.realm, enabled: true, ...handmadeSettings });
  const { call } = adminCalls(stack, made.realm);
  await call("POST", "/authentication/flows/browser/copy", { newName: "our browser" });
  await call("PUT", "", { browserFlow: "our browser" });
  await declareAttributes({ call });
  await call("POST", "/client-scopes", {
    name: "gateway",
    protocol: "openid-connect",
    protocolMappers: [
      {
        name: "audience",
        protocol: "openid-connect",
        protocolMapper: "oidc-audience-mapper",
        config: { "included.custom.audience": made.clientId, "access.token.claim": "true" },
      },
    ],
  });
  const scopes = await call<Named[]>("GET", "/client-scopes");
  await call("POST", "/clients", {
    clientId: made.clientId,
    secret: made.clientSecret,
    directAccessGrantsEnabled: true,
    serviceAccountsEnabled: true,
    redirectUris: ["https://app.example.com/*"],
    fullScopeAllowed: true,
  });
  const [client] = await call<Named[]>("GET", `/clients?clientId=${made.clientId}`);
  const scope = scopes.find(({ name }) => name === "gateway");
  await call("PUT", `/clients/${client?.id}/default-client-scopes/${scope?.id}`);
  const account = await call<Named>("GET", `/clients/${client?.id}/service-account-user`);
  await grantRoles({ call }, account.id, ["query-users", "view-events"]);
  await permitUsers({ call }, account.id);
  return made;
}

const handmadeSettings = {
  sslRequired: "none",
  accessTokenLifespan: 600,
  ssoSessionIdleTimeout: 4 * 3_600,
  ssoSessionMaxLifespan: 7 * DAY_SECONDS,
  rememberMe: true,
  resetPasswordAllowed: true,
  editUsernameAllowed: true,
  offlineSessionMaxLifespanEnabled: true,
  offlineSessionMaxLifespan: 90 * DAY_SECONDS,
  bruteForceProtected: true,
  failureFactor: 5,
  waitIncrementSeconds: 30,
  maxFailureWaitSeconds: 600,
  quickLoginCheckMilliSeconds: 500,
  minimumQuickLoginWaitSeconds: 30,
  passwordPolicy:
    "hashAlgorithm(pbkdf2-sha256) and hashIterations(1) and length(10) and digits(1) and notUsername and passwordHistory(3)",
  eventsEnabled: true,
  eventsExpiration: 30 * DAY_SECONDS,
  adminEventsEnabled: true,
  enabledEventTypes: [...storedEventTypes, "REFRESH_TOKEN_ERROR", "CODE_TO_TOKEN_ERROR"],
  attributes: { adminEventsExpiration: String(30 * DAY_SECONDS) },
  internationalizationEnabled: true,
  supportedLocales: ["de", "en"],
  defaultLocale: "de",
  adminPermissionsEnabled: true,
};

async function declareAttributes({ call }: AdminCalls): Promise<void> {
  const profile = await call<{ attributes: object[] }>("GET", "/users/profile");
  const own = { view: ["admin", "user"], edit: ["admin", "user"] };
  await call("PUT", "/users/profile", {
    ...profile,
    attributes: [
      ...profile.attributes,
      { name: "registrationId", displayName: "Who made it", permissions: { view: ["admin"], edit: ["admin"] } },
      { name: "phone", permissions: own, validations: { length: { max: 30 } } },
      { name: "department", permissions: { view: ["admin"], edit: ["admin"] } },
    ],
  });
}

/** Lets a service account manage all users without a role, by its user: a policy for the client leaves lists empty. */
export async function permitUsers(
  { call }: AdminCalls,
  userId: string,
  policy: "user" | "client" = "user",
): Promise<void> {
  const { adminPermissionsClient } = await call<{ adminPermissionsClient: Named }>("GET", "");
  const server = `/clients/${adminPermissionsClient.id}/authz/resource-server`;
  const found = await call<Named[]>("GET", `${server}/permission?first=0&max=20`);
  for (const { id } of found) await call("DELETE", `${server}/permission/scope/${id}`);
  const name = `gateway by ${policy} ${crypto.randomUUID()}`;
  const [client] = await call<Named[]>("GET", "/clients?clientId=api-gateway");
  const who = policy === "user" ? { users: [userId] } : { clients: [client?.id] };
  const { id } = await call<Named>("POST", `${server}/policy/${policy}`, { name, logic: "POSITIVE", ...who });
  await call("POST", `${server}/permission/scope`, {
    name: `may ${name}`,
    resourceType: "Users",
    scopes: ["view", "manage", "reset-password"],
    policies: [id],
    decisionStrategy: "UNANIMOUS",
  });
}

/** @param userId of a service account; @param names roles of `realm-management` */
export async function grantRoles({ call }: AdminCalls, userId: string, names: string[]): Promise<void> {
  const [management] = await call<Named[]>("GET", "/clients?clientId=realm-management");
  const all = await call<Named[]>("GET", `/clients/${management?.id}/roles`);
  const roles = all.filter(({ name = "" }) => names.includes(name));
  await call("POST", `/users/${userId}/role-mappings/clients/${management?.id}`, roles);
}

/** What `realm apply` made, and then lived in: organizations with members, federation, a broker, other clients, staff. */
export async function organizationsRealm(stack: TestStack): Promise<TestRealm> {
  const made = await oursRealm(stack);
  const upstream = await stack.createRealm();
  const { call } = adminCalls(stack, made.realm);
  await call("PUT", "", { organizationsEnabled: true, loginTheme: "keycloak.v2", displayName: "Two organizations" });
  const password = [{ type: "password", value: "correct-horse-1", temporary: false }];
  for (const name of ["acme", "globex"]) {
    await call("POST", "/organizations", {
      name,
      alias: name,
      enabled: true,
      domains: [{ name: `${name}.example`, verified: true }],
    });
    const [organization] = await call<Named[]>("GET", `/organizations?search=${name}`);
    for (const first of ["ada", "grace"]) {
      const username = `${first}@${name}.example`;
      const names = { firstName: first, lastName: name };
      await call("POST", "/users", { username, email: username, ...names, enabled: true, credentials: password });
      const [user] = await call<Named[]>("GET", `/users?username=${encodeURIComponent(username)}&exact=true`);
      await call("POST", `/organizations/${organization?.id}/members`, user?.id);
    }
  }
  // Off, as somebody left it: each federation of a stock Keycloak needs its server, or no user can be made.
  await call("POST", "/components", {
    name: "kerberos",
    providerId: "kerberos",
    providerType: "org.keycloak.storage.UserStorageProvider",
    config: {
      enabled: ["false"],
      priority: ["0"],
      kerberosRealm: ["EXAMPLE.COM"],
      editMode: ["UNSYNCED"],
      serverPrincipal: ["HTTP/host@EXAMPLE.COM"],
      keyTab: ["/etc/krb5.keytab"],
      cachePolicy: ["DEFAULT"],
      allowPasswordAuthentication: ["false"],
      updateProfileFirstLogin: ["true"],
    },
  });
  const pages = `${upstream.issuer}/protocol/openid-connect`;
  await call("POST", "/identity-provider/instances", {
    alias: "upstream",
    providerId: "oidc",
    enabled: true,
    trustEmail: false,
    config: {
      clientId: "broker",
      clientSecret: "not-used-by-anybody",
      issuer: upstream.issuer,
      syncMode: "IMPORT",
      authorizationUrl: `${pages}/auth`,
      tokenUrl: `${pages}/token`,
      jwksUrl: `${pages}/certs`,
    },
  });
  await call("POST", "/clients", {
    clientId: "shop",
    publicClient: true,
    redirectUris: ["https://shop.example.com/*"],
  });
  await call("POST", "/clients", { clientId: "crm", protocol: "saml", redirectUris: ["https://crm.example.com/*"] });
  await call("POST", "/clients", { clientId: "reports", serviceAccountsEnabled: true, secret: "another-one" });
  const [reports] = await call<Named[]>("GET", "/clients?clientId=reports");
  const reporter = await call<Named>("GET", `/clients/${reports?.id}/service-account-user`);
  await grantRoles({ call }, reporter.id, ["realm-admin"]);
  const [client] = await call<Named[]>("GET", `/clients?clientId=${made.clientId}`);
  const account = await call<Named>("GET", `/clients/${client?.id}/service-account-user`);
  await grantRoles({ call }, account.id, ["manage-organizations", "view-organizations", "view-users"]);
  // Helpdesk: may do in the realm what the gateway's client may.
  const [ada] = await call<Named[]>("GET", "/users?username=ada@acme.example&exact=true");
  await grantRoles({ call }, ada?.id ?? "", ["manage-users"]);
  return made;
}
