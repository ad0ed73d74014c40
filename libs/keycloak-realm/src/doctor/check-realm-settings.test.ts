import { describe, expect, test } from "bun:test";
import type { FindingCode } from "@libs/problems/findings";
import { clientSettingFindings } from "./check-client-settings.ts";
import { notBeforeFindings, type RealmSettings, realmSettingFindings } from "./check-realm-settings.ts";

const now = Date.parse("2026-11-27T10:00:00Z");
const sane: RealmSettings = {
  accessTokenLifespan: 300,
  ssoSessionIdleTimeout: 1_800,
  ssoSessionMaxLifespan: 36_000,
  offlineSessionIdleTimeout: 2_592_000,
  offlineSessionMaxLifespanEnabled: false,
  offlineSessionMaxLifespan: 60,
  bruteForceProtected: true,
  permanentLockout: false,
  failureFactor: 10,
  waitIncrementSeconds: 60,
  maxFailureWaitSeconds: 900,
  quickLoginCheckMilliSeconds: 1_000,
  duplicateEmailsAllowed: false,
  loginWithEmailAllowed: true,
  registrationEmailAsUsername: false,
  verifyEmail: false,
  smtpServer: {},
  passwordPolicy: "length(8)",
  notBefore: 0,
};
const codes = (settings: RealmSettings) => realmSettingFindings(settings, now).map(({ code }) => code);

test("sane settings, those of a hardened realm, and those that may not be seen, are no findings", () => {
  expect(codes(sane)).toEqual([]);
  expect(codes({})).toEqual([]);
  expect(codes({ ...sane, failureFactor: 3, maxFailureWaitSeconds: 3_600, quickLoginCheckMilliSeconds: 0 })).toEqual(
    [],
  );
  // A lock for good after many temporary ones is no lever for somebody else.
  expect(codes({ ...sane, permanentLockout: true, maxTemporaryLockouts: 10 })).toEqual([]);
  // What is set for a protection that is off says nothing.
  expect(codes({ ...sane, bruteForceProtected: false, failureFactor: 1 })).toEqual([]);
});

describe("each setting that surprises", () => {
  const cases: [FindingCode, RealmSettings][] = [
    ["realm.session_life", { ssoSessionIdleTimeout: 300 }],
    ["realm.session_life", { ssoSessionMaxLifespan: 200 }],
    ["realm.session_life", { ssoSessionMaxLifespan: 400 * 86_400 }],
    ["realm.session_life", { offlineSessionIdleTimeout: 300 }],
    ["realm.session_life", { offlineSessionMaxLifespanEnabled: true }],
    ["realm.brute_force_settings", { failureFactor: 2 }],
    ["realm.brute_force_settings", { failureFactor: 51 }],
    ["realm.brute_force_settings", { waitIncrementSeconds: 0 }],
    ["realm.brute_force_settings", { maxFailureWaitSeconds: 90_000 }],
    ["realm.brute_force_settings", { quickLoginCheckMilliSeconds: 1_001 }],
    ["realm.permanent_lockout", { permanentLockout: true }],
    ["realm.duplicate_emails", { duplicateEmailsAllowed: true, loginWithEmailAllowed: false }],
    ["realm.login_with_email_off", { loginWithEmailAllowed: false }],
    ["realm.email_as_username", { registrationEmailAsUsername: true }],
    ["realm.verify_email_without_smtp", { verifyEmail: true }],
    ["realm.verify_email", { verifyEmail: true, smtpServer: { host: "mail.example.com" } }],
    ["realm.passwords_expire", { passwordPolicy: "length(8) and forceExpiredPasswordChange(90)" }],
    ["realm.not_before_future", { notBefore: now / 1000 + 1 }],
  ];
  test.each(cases)("%s", (code, change) => {
    expect(codes({ ...sane, ...change })).toEqual([code]);
  });
});

test("tokens from before now are void, and those of now are not", () => {
  expect(notBeforeFindings(now / 1000, now)).toEqual([]);
  expect(notBeforeFindings(undefined, now)).toEqual([]);
  expect(notBeforeFindings(now / 1000 + 60, now, "the client")[0]?.detail).toBe(
    "of the client: 2026-11-27T10:01:00.000Z",
  );
});

test("limits of the client win over those of all clients, and none is none", () => {
  const found = (attributes: Record<string, string>, settings: object = {}) =>
    clientSettingFindings({ attributes }, { ...sane, ...settings }, now).map(({ code, detail }) => `${code} ${detail}`);
  expect(found({})).toEqual([]);
  expect(found({ "client.session.idle.timeout": "600" }, { clientSessionIdleTimeout: 60 })).toEqual([]);
  expect(found({}, { clientSessionIdleTimeout: 60 })).toEqual(["client.session_life idle 60 s, access token 300 s"]);
  expect(found({ "access.token.lifespan": "900", "client.session.max.lifespan": "900" })).toEqual([
    "client.session_life max 900 s, access token 900 s",
  ]);
  expect(found({ "client.offline.session.max.lifespan": "0" })).toEqual([]);
});
