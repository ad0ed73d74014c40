import { describe, expect, test } from "bun:test";
import type { KeycloakAdminEvent, KeycloakUserEvent } from "../ports.ts";
import { storedEventTypes } from "../realm/event-types.ts";
import { endsEverySession, hintingTypes, hintsOfAdminEvent, hintsOfUserEvent } from "./event-hints.ts";

const at = new Date("2030-01-01T00:00:00Z");
const adminEvent = (operation: string, resourcePath: string, resourceType = "USER"): KeycloakAdminEvent => ({
  ...{ id: "e1", at, operation, resourceType, resourcePath, byUserId: "admin" },
});
const userEvent = (type: string, changes: Partial<KeycloakUserEvent> = {}): KeycloakUserEvent => ({
  ...{ id: "e1", at, type, userId: "u1", sessionId: "sid1", clientId: "account", details: {} },
  ...changes,
});
const kinds = (hints: { kind: string; subject: string }[]) => hints.map(({ kind, subject }) => `${kind} ${subject}`);

describe("admin events", () => {
  test.each([
    ["CREATE", "users/u1", "USER", ["user u1"]],
    ["UPDATE", "users/u1", "USER", ["user u1"]],
    ["DELETE", "users/u1", "USER", ["user u1"]],
    ["CREATE", "users/u1", "REALM", ["user u1"]],
    ["UPDATE", "users/f:ldap:jane", "USER", ["user f:ldap:jane"]],
    ["ACTION", "users/u1/reset-password", "USER", ["user u1", "credentials u1"]],
    ["ACTION", "users/u1/logout", "USER", ["sessions u1"]],
    ["DELETE", "users/u1/consents/shop", "USER", ["sessions u1"]],
    ["ACTION", "users/u1/execute-actions-email", "USER", ["user u1"]],
    ["DELETE", "sessions/sid1", "USER_SESSION", ["session sid1"]],
    ["CREATE", "users/u1/role-mappings/realm", "REALM_ROLE_MAPPING", []],
    ["CREATE", "users/u1/role-mappings/clients/c1", "CLIENT_ROLE_MAPPING", []],
    ["DELETE", "users/u1/groups/g1", "GROUP_MEMBERSHIP", []],
    ["UPDATE", "users/profile", "USER_PROFILE", []],
    ["ACTION", "logout-all", "REALM", []],
    ["ACTION", "push-revocation", "REALM", []],
    ["UPDATE", "", "REALM", []],
    ["CREATE", "clients/c1/protocol-mappers/models/m1", "PROTOCOL_MAPPER", []],
    ["CREATE", "organizations/o1/members", "ORGANIZATION_MEMBERSHIP", []],
  ])("%s %s (%s)", (operation, path, type, expected) => {
    const hints = hintsOfAdminEvent(adminEvent(operation, path, type));
    expect(kinds(hints)).toEqual(expected);
    for (const hint of hints) expect(hint).toMatchObject({ source: "admin_events", changedAt: at });
  });

  test("a sign-out of the whole realm is no single user's", () => {
    expect(endsEverySession(adminEvent("ACTION", "logout-all", "REALM"))).toBeTrue();
    expect(endsEverySession(adminEvent("ACTION", "users/u1/logout"))).toBeFalse();
  });
});

describe("user events", () => {
  test.each([
    ["UPDATE_PROFILE", {}, ["user u1"]],
    ["UPDATE_EMAIL", {}, ["user u1"]],
    ["VERIFY_EMAIL", {}, ["user u1"]],
    ["REGISTER", { sessionId: null }, ["user u1"]],
    ["DELETE_ACCOUNT", {}, ["user u1"]],
    ["IDENTITY_PROVIDER_FIRST_LOGIN", {}, ["user u1"]],
    ["USER_DISABLED_BY_PERMANENT_LOCKOUT", {}, ["user u1"]],
    ["USER_DISABLED_BY_TEMPORARY_LOCKOUT", {}, ["user u1"]],
    ["UPDATE_CREDENTIAL", { details: { credential_type: "password" } }, ["credentials u1"]],
    ["UPDATE_CREDENTIAL", { details: { credential_type: "otp" } }, []],
    ["RESET_PASSWORD", {}, ["credentials u1"]],
    ["LOGOUT", {}, ["session sid1"]],
    ["LOGOUT", { sessionId: null }, ["sessions u1"]],
    ["USER_SESSION_DELETED", {}, ["session sid1"]],
    ["LOGIN", {}, []],
    ["LOGIN_ERROR", {}, []],
    ["UPDATE_PROFILE", { userId: null }, []],
    ["SOMETHING_NEW", {}, []],
    ["constructor", {}, []],
  ] as [string, Partial<KeycloakUserEvent>, string[]][])("%s %j", (type, changes, expected) => {
    expect(kinds(hintsOfUserEvent(userEvent(type, changes)))).toEqual(expected);
  });

  test("a changed password keeps the session it was changed in", () => {
    expect(hintsOfUserEvent(userEvent("RESET_PASSWORD"))).toMatchObject([{ keepSession: "sid1", changedAt: at }]);
  });

  test("every type that is read is one that the realm is set up to store", () => {
    for (const type of [...hintingTypes, "LOGIN"]) expect(storedEventTypes as readonly string[]).toContain(type);
  });
});
