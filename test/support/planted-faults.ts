import type { FindingCode } from "@libs/keycloak-realm/doctor";
import type { FaultyRealm, Representation } from "./faulty-realm.ts";
import { grantRoles, permitUsers } from "./realm-shapes.ts";

export interface Fault {
  plant: (realm: FaultyRealm) => Promise<unknown>;
  finds: FindingCode;
  /** Findings that follow from it. */
  also?: FindingCode[];
  /** Only an administrator sees it. */
  privileged?: true;
  /** What it changes: two faults that change the same are not planted at once. */
  changes: string[];
  /** Hides others: nothing else is planted beside it. */
  alone?: true;
  /** Only where rights come from fine-grained permissions. */
  fineGrained?: true;
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3_600;
const byRealm = (finds: FindingCode, change: object, more: Partial<Fault> = {}): Fault => ({
  plant: ({ changeRealm }) => changeRealm(change),
  finds,
  changes: Object.keys(change),
  ...more,
});
const byClient = (finds: FindingCode, change: object, more: Partial<Fault> = {}): Fault => ({
  plant: ({ changeClient }) => changeClient(change),
  finds,
  changes: ["client"],
  ...more,
});
const byProfile = (finds: FindingCode, name: string, change: object | null, more?: object): Fault => ({
  plant: ({ changeAttribute }) => changeAttribute(name, change, more),
  finds,
  changes: ["profile"],
});
const privileged = true;
const alone = true;

/** One of each kind that a realm's settings can have, by what somebody did. */
export const plantedFaults: Record<string, Fault> = {
  "user events are off": byRealm("events.user_events_off", { eventsEnabled: false }),
  "admin events are off": byRealm("events.admin_events_off", { adminEventsEnabled: false }),
  "event types are missing": byRealm("events.types_missing", { enabledEventTypes: ["LOGIN"] }),
  "events are kept for a minute": byRealm("events.kept_too_short", { eventsExpiration: 60 }),
  "events are kept for ever": byRealm("events.kept_for_ever", { eventsExpiration: 0, eventsEnabled: true }),
  "request bodies are kept": byRealm("events.details_stored", { adminEventsDetailsEnabled: true }),
  "nobody stops guessing": byRealm("realm.brute_force_off", { bruteForceProtected: false }),
  "guessing is stopped late": byRealm(
    "realm.brute_force_settings",
    { failureFactor: 1_000, bruteForceProtected: true },
    { privileged },
  ),
  "one mistyped password locks": byRealm(
    "realm.brute_force_settings",
    { failureFactor: 1, bruteForceProtected: true },
    { privileged },
  ),
  "two failures within 5 s lock": byRealm(
    "realm.brute_force_settings",
    { quickLoginCheckMilliSeconds: 5_000, bruteForceProtected: true },
    { privileged },
  ),
  "a lock is for good": byRealm(
    "realm.permanent_lockout",
    { permanentLockout: true, bruteForceProtected: true },
    { privileged },
  ),
  "refresh tokens rotate": byRealm("realm.rotation_on", { revokeRefreshToken: true }, { privileged }),
  "access tokens live for half a day": byRealm("realm.access_token_life", {
    accessTokenLifespan: 43_200,
    ssoSessionIdleTimeout: 86_400,
    ssoSessionMaxLifespan: 864_000,
    clientSessionMaxLifespan: 0,
  }),
  "sessions end before their tokens": byRealm("realm.session_life", { ssoSessionIdleTimeout: 120 }, { privileged }),
  "offline sessions end before their tokens": byRealm(
    "realm.session_life",
    { accessTokenLifespan: 300, offlineSessionMaxLifespanEnabled: true, offlineSessionMaxLifespan: 120 },
    { privileged },
  ),
  "two users may have one email": byRealm(
    "realm.duplicate_emails",
    { loginWithEmailAllowed: false, duplicateEmailsAllowed: true, registrationEmailAsUsername: false },
    { privileged },
  ),
  "no login with an email": byRealm("realm.login_with_email_off", { loginWithEmailAllowed: false }, { privileged }),
  "the email is the username": byRealm("realm.email_as_username", { registrationEmailAsUsername: true }),
  "emails are verified, and none can be sent": byRealm(
    "realm.verify_email_without_smtp",
    { verifyEmail: true, smtpServer: {} },
    { privileged },
  ),
  "emails are verified": byRealm(
    "realm.verify_email",
    { verifyEmail: true, smtpServer: { host: "127.0.0.1", port: "2525", from: "a@example.com" } },
    { privileged },
  ),
  "passwords expire": byRealm(
    "realm.passwords_expire",
    { passwordPolicy: "forceExpiredPasswordChange(90)" },
    { privileged },
  ),
  "tokens are void for an hour": {
    plant: ({ changeRealm }) => changeRealm({ notBefore: inAnHour() }),
    finds: "realm.not_before_future",
    changes: ["notBefore"],
    alone,
  },
  "tokens of the client are void for an hour": {
    plant: ({ changeClient }) => changeClient({ notBefore: inAnHour() }),
    finds: "realm.not_before_future",
    changes: ["client"],
    alone,
  },
  "the client may not log people in": byClient("client.password_grant_off", { directAccessGrantsEnabled: false }),
  "the service account is off": byClient(
    "client.service_account_off",
    { serviceAccountsEnabled: false },
    { alone, also: ["service_account.role_missing"] },
  ),
  "people are asked for consent": byClient("client.consent_required", { consentRequired: true }),
  "the implicit flow is on": byClient("client.settings", { implicitFlowEnabled: true }, { privileged }),
  "sessions of the client end before their tokens": byClient(
    "client.session_life",
    { attributes: { "client.session.idle.timeout": "60" } },
    { privileged },
  ),
  "sessions of all clients end before their tokens": byRealm(
    "client.session_life",
    { clientSessionMaxLifespan: 120 },
    { privileged },
  ),
  "every login is an offline session": {
    plant: async ({ call, client, change }) => {
      const scopes = await call<Representation[]>("GET", "/client-scopes");
      const id = scopes.find(({ name }) => name === "offline_access")?.id;
      const move = async (from: string, to: string) => {
        await call("DELETE", `/clients/${client.id}/${from}-client-scopes/${id}`);
        await call("PUT", `/clients/${client.id}/${to}-client-scopes/${id}`);
      };
      await change(
        () => move("optional", "default"),
        () => move("default", "optional"),
      );
    },
    finds: "client.offline_by_default",
    changes: ["scopes"],
    privileged,
  },
  "the audience is missing": {
    plant: async ({ call, client, change }) => {
      const scopesPath = `/clients/${client.id}/default-client-scopes`;
      const mappersPath = `/clients/${client.id}/protocol-mappers/models`;
      const own = (await call<Representation[]>("GET", scopesPath)).filter(({ name }) => name === "gateway");
      const all = await call<Representation[]>("GET", mappersPath);
      const mappers = all.filter(({ protocolMapper }) => protocolMapper === "oidc-audience-mapper");
      await change(
        async () => {
          for (const { id } of own) await call("DELETE", `${scopesPath}/${id}`);
          for (const { id } of mappers) await call("DELETE", `${mappersPath}/${id}`);
        },
        async () => {
          for (const { id } of own) await call("PUT", `${scopesPath}/${id}`);
          for (const { id: _, ...mapper } of mappers) await call("POST", mappersPath, mapper);
        },
      );
    },
    finds: "client.audience_missing",
    changes: ["scopes", "client"],
  },
  "the service account lacks its rights": {
    plant: ({ fineGrained, changeRealm, changeRoles }) =>
      fineGrained ? changeRealm({ adminPermissionsEnabled: false }) : changeRoles({ take: ["manage-users"] }),
    finds: "service_account.role_missing",
    changes: ["roles", "adminPermissionsEnabled"],
    alone,
  },
  "lists are without users, by a permission for the client instead of its account": {
    plant: async (realm) => {
      const id = await realm.accountId();
      await realm.change(
        () => permitUsers(realm, id, "client"),
        () => permitUsers(realm, id),
      );
    },
    finds: "service_account.users_hidden",
    changes: ["roles"],
    fineGrained: true,
  },
  "the service account may change clients": {
    plant: ({ changeRoles }) => changeRoles({ add: ["manage-clients"] }),
    finds: "service_account.role_extra",
    changes: ["roles"],
    privileged,
  },
  "the realm has an administrator of its own": {
    plant: async ({ call, change }) => {
      const find = async () => (await call<Representation[]>("GET", "/users?username=boss&exact=true"))[0]?.id ?? "";
      await change(
        async () => {
          await call("POST", "/users", { username: "boss", enabled: false });
          await grantRoles({ call }, await find(), ["realm-admin"]);
        },
        async () => call("DELETE", `/users/${await find()}`),
      );
    },
    finds: "realm.admins_inside",
    changes: ["people"],
    privileged,
  },
  "the mark is not declared": byProfile("user_profile.mark_missing", "registrationId", null),
  "people may edit the mark": byProfile("user_profile.mark_editable", "registrationId", {
    permissions: { view: ["admin"], edit: ["admin", "user"] },
  }),
  "people may edit whatever is not declared": byProfile("user_profile.mark_editable", "registrationId", null, {
    unmanagedAttributePolicy: "ENABLED",
  }),
  "first names are the person's alone": byProfile("user_profile.asks_at_login", "firstName", {
    permissions: { view: ["admin", "user"], edit: ["user"] },
  }),
  "new users must set up a one-time password": {
    plant: async ({ call, change }) => {
      const path = "/authentication/required-actions/CONFIGURE_TOTP";
      const before = await call("GET", path);
      await change(
        () => call("PUT", path, { ...before, enabled: true, defaultAction: true }),
        () => call("PUT", path, before),
      );
    },
    finds: "realm.default_actions",
    changes: ["actions"],
    privileged,
  },
  "the account page is off": {
    plant: async ({ call, change }) => {
      const [account] = await call<Representation[]>("GET", "/clients?clientId=account");
      const set = (enabled: boolean) => call("PUT", `/clients/${account?.id}`, { ...account, enabled });
      await change(
        () => set(false),
        () => set(true),
      );
    },
    finds: "realm.account_page_off",
    changes: ["account"],
  },
};

/** Faults that can be planted at once, so that no two of them change the same or have one code. */
export function inBatches(faults: Record<string, Fault>): [string, Fault][][] {
  const batches: [string, Fault][][] = [];
  for (const entry of Object.entries(faults)) {
    const [, { changes, finds, alone: single }] = entry;
    const fits = batches.find(
      (batch) =>
        !single &&
        batch.every(
          ([, other]) =>
            !other.alone && other.finds !== finds && !other.changes.some((changed) => changes.includes(changed)),
        ),
    );
    if (fits) fits.push(entry);
    else batches.push([entry]);
  }
  return batches;
}
