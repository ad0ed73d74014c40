import { beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import { failure, newUser } from "@libs/keycloak-authV2/testing";
import { applyRealm, planRealm } from "@libs/keycloak-realm";

const settings = {
  sslRequired: "none",
  passwordPolicy: "length(8) and hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
  roles: ["customer", "clerk"],
  backchannelLogoutUrl: "http://localhost:3000/auth/backchannel-logout",
} as const;

let stack: TestStack;
let own: TestRealm;
/** Of a realm without a back-channel URL. */
let other: TestRealm;
beforeAll(async () => {
  stack = await useStack();
  own = await stack.createRealm(settings);
  other = await stack.createRealm();
}, STACK_TIMEOUT_MS);

const options = () => {
  const { keycloakUrl, keycloakAdmin: admin } = stack;
  const { realm, clientId, clientSecret } = own;
  return { ...settings, keycloakUrl, admin, realm, clientId, clientSecret };
};
const apply = () => applyRealm(options());

/** The realm as an administrator sees it, beside the code under test. */
async function admin<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
  const token = await fetch(`${stack.keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...stack.keycloakAdmin }),
  });
  const { access_token } = (await token.json()) as { access_token: string };
  const response = await fetch(`${stack.keycloakUrl}/admin/realms/${own.realm}${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

interface Named {
  id: string;
  name: string;
}
const gateway = async () =>
  (await admin<(Named & Record<string, unknown>)[]>("GET", `/clients?clientId=${own.clientId}`))[0] as Named &
    Record<string, unknown>;
const serviceAccount = async () =>
  admin<{ id: string }>("GET", `/clients/${(await gateway()).id}/service-account-user`);
const management = async () => (await admin<Named[]>("GET", "/clients?clientId=realm-management"))[0] as Named;

/** What a client's service account may see, by its own token. */
async function asServiceAccount(path: string): Promise<number> {
  const response = await fetch(`${stack.keycloakUrl}/realms/${own.realm}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: own.clientId,
      client_secret: own.clientSecret,
    }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  const answer = await fetch(`${stack.keycloakUrl}/admin/realms/${own.realm}${path}`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  return answer.status;
}

describe("applyRealm", () => {
  test("a second run finds nothing to change", async () => {
    expect(await apply()).toEqual({ changes: [] });
  });

  test("sets what the gateway relies on", async () => {
    const realm = await admin("GET", "");
    expect(realm).toMatchObject({
      enabled: true,
      sslRequired: "none",
      bruteForceProtected: true,
      revokeRefreshToken: false,
      eventsEnabled: true,
      adminEventsEnabled: true,
      adminEventsDetailsEnabled: false,
      eventsExpiration: 604_800,
      attributes: { adminEventsExpiration: "604800" },
    });
    expect(realm.enabledEventTypes).toContain("USER_SESSION_DELETED");
    expect(realm.enabledEventTypes).not.toContain("CLIENT_LOGIN");
    expect(await gateway()).toMatchObject({
      publicClient: false,
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      fullScopeAllowed: false,
      directAccessGrantsEnabled: true,
      serviceAccountsEnabled: true,
      attributes: {
        "backchannel.logout.url": settings.backchannelLogoutUrl,
        "backchannel.logout.session.required": "true",
        "backchannel.logout.revoke.offline.tokens": "true",
      },
    });
    const profile = await admin<{ attributes: { name: string; permissions: unknown }[] }>("GET", "/users/profile");
    expect(profile.attributes.map(({ name }) => name)).toEqual([
      "username",
      "email",
      "firstName",
      "lastName",
      "registrationId",
    ]);
    expect(profile.attributes.at(-1)?.permissions).toEqual({ view: ["admin"], edit: ["admin"] });
  });

  test("the service account may manage users and read events, nothing more", async () => {
    expect(await asServiceAccount("/users?max=1")).toBe(200);
    expect(await asServiceAccount("/events?max=1")).toBe(200);
    expect(await asServiceAccount("/admin-events?max=1")).toBe(200);
    for (const path of ["/clients", "/roles", "/keys", "/identity-provider/instances", "/components"]) {
      expect(`${path} ${await asServiceAccount(path)}`).toBe(`${path} 403`);
    }
  });

  test("configured roles reach the tokens of those who have them, other roles do not", async () => {
    const { keycloakUrl: url } = stack;
    const { userRepository, tokenClient, tokenVerifier } = createKeycloakAdapters({ url, ...own });
    const user = newUser();
    const id = await userRepository.createUser(user);
    await admin("POST", "/roles", { name: "unconfigured" });
    const roles = await Promise.all(["clerk", "unconfigured"].map((name) => admin("GET", `/roles/${name}`)));
    await admin("POST", `/users/${id}/role-mappings/realm`, roles);
    const { access_token } = await tokenClient.passwordGrant(user);
    const claims = await tokenVerifier.verifyAccessToken(access_token);
    expect(claims.realmRoles).toEqual(["clerk"]);
    expect(claims.clientRoles).toEqual({});
  });

  test("drift is repaired, and named", async () => {
    const { id } = await gateway();
    const [mapper] = await admin<Named[]>("GET", `/clients/${id}/protocol-mappers/models`);
    await admin("DELETE", `/clients/${id}/protocol-mappers/models/${mapper?.id}`);
    await admin("PUT", "", { bruteForceProtected: false });
    await admin("PUT", `/clients/${id}`, { ...(await gateway()), fullScopeAllowed: true, secret: "another-secret" });
    const all = await admin<Named[]>("GET", `/clients/${(await management()).id}/roles`);
    const extra = all.filter(({ name }) => name === "manage-realm");
    await admin(
      "POST",
      `/users/${(await serviceAccount()).id}/role-mappings/clients/${(await management()).id}`,
      extra,
    );
    const planned = await planRealm(options());
    expect(planned).toContainEqual({
      subject: "realm",
      name: "bruteForceProtected",
      from: false,
      to: true,
      text: `realm ${own.realm}: bruteForceProtected set`,
    });
    expect(JSON.stringify(planned)).not.toContain("another-secret");
    expect(JSON.stringify(planned)).not.toContain(own.clientSecret);
    expect(await admin("GET", "")).toMatchObject({ bruteForceProtected: false });
    const { changes } = await apply();
    expect(planned.map(({ text }) => text)).toEqual(changes);
    expect(changes).toEqual([
      `realm ${own.realm}: bruteForceProtected set`,
      `client ${own.clientId}: secret set`,
      `client ${own.clientId}: fullScopeAllowed set`,
      `client ${own.clientId}: audience mapper created`,
      `service account of ${own.clientId}: manage-realm revoked`,
    ]);
    expect(JSON.stringify(changes)).not.toContain(own.clientSecret);
    expect(await planRealm(options())).toEqual([]);
    expect(await apply()).toEqual({ changes: [] });
  });

  test("a second run finds nothing to change without a back-channel URL either", async () => {
    const { keycloakUrl, keycloakAdmin: admin } = stack;
    expect(await planRealm({ keycloakUrl, admin, ...other, sslRequired: "none" })).toEqual([]);
  });

  test("a plan for a realm that does not exist lists all of it, and makes none", async () => {
    const realm = `${own.realm}-planned`;
    const planned = await planRealm({ ...options(), realm });
    const texts = planned.map(({ text }) => text);
    expect(texts).toContain(`realm ${realm}: created`);
    expect(texts).toContain(`client ${own.clientId}: created`);
    expect(texts).toContain(`service account of ${own.clientId}: manage-users granted`);
    expect((await fetch(`${stack.keycloakUrl}/realms/${realm}`)).status).toBe(404);
  });

  test("a plan for a client without a service account names it, and applying grants its roles", async () => {
    const client = await gateway();
    await admin("PUT", `/clients/${client.id}`, { ...client, serviceAccountsEnabled: false });
    const planned = (await planRealm(options())).map(({ text }) => text);
    expect(planned).toContain(`client ${own.clientId}: serviceAccountsEnabled set`);
    expect(planned).toContain(`service account of ${own.clientId}: view-events granted`);
    await apply();
    expect(await planRealm(options())).toEqual([]);
    expect(await asServiceAccount("/users?max=1")).toBe(200);
  });

  test("what is not the gateway's is left alone", async () => {
    const { id } = await gateway();
    const profile = await admin<{ attributes: object[] }>("GET", "/users/profile");
    const nickname = { name: "nickname", permissions: { view: ["admin", "user"], edit: ["user"] } };
    await admin("PUT", "/users/profile", {
      ...profile,
      unmanagedAttributePolicy: "ADMIN_VIEW",
      attributes: [
        nickname,
        ...profile.attributes.filter((attribute) => Reflect.get(attribute, "name") !== "registrationId"),
      ],
    });
    await admin("PUT", "", { displayName: "Shop", registrationAllowed: true, attributes: { theirs: "1" } });
    const client = await gateway();
    await admin("PUT", `/clients/${id}`, {
      ...client,
      standardFlowEnabled: true,
      redirectUris: ["https://shop.example.org/*"],
      attributes: { ...(client.attributes as object), "post.logout.redirect.uris": "+" },
    });
    const { changes } = await apply();
    expect(changes).toEqual([`realm ${own.realm}: attributes set`, "user profile: registrationId declared"]);
    const realm = await admin("GET", "");
    expect(realm).toMatchObject({ displayName: "Shop", registrationAllowed: true });
    expect(realm.attributes).toMatchObject({ theirs: "1", adminEventsExpiration: "604800" });
    expect(await gateway()).toMatchObject({
      standardFlowEnabled: true,
      redirectUris: ["https://shop.example.org/*"],
      attributes: { "post.logout.redirect.uris": "+", "backchannel.logout.url": settings.backchannelLogoutUrl },
    });
    const after = await admin<{ attributes: { name: string }[] }>("GET", "/users/profile");
    expect(after).toMatchObject({ unmanagedAttributePolicy: "ADMIN_VIEW" });
    expect(after.attributes.map(({ name }) => name)).toEqual([
      "nickname",
      "username",
      "email",
      "firstName",
      "lastName",
      "registrationId",
    ]);
  });

  test("a refused administrator is named without the password", async () => {
    const { keycloakUrl } = stack;
    const { realm, clientId, clientSecret } = own;
    const admin = { username: "admin", password: "wrong-admin-password" };
    const error = await failure(
      applyRealm({ keycloakUrl, admin, realm, clientId, clientSecret }),
      "keycloak.misconfigured",
    );
    expect(error.internal).toContain("admin_token");
    expect(JSON.stringify([error, error.internal])).not.toContain("wrong-admin-password");
  });
});
