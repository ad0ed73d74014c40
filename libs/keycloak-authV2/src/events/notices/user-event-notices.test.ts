import { describe, expect, test } from "bun:test";
import { storedEventTypes } from "../../keycloak/stored-event-types.ts";
import type { KeycloakUserEvent } from "../../ports/ports.ts";
import { noticesOfUserEvent, noticeTypes } from "./user-event-notices.ts";

const at = new Date("2030-01-01T00:00:00Z");
const userEvent = (type: string, changes: Partial<KeycloakUserEvent> = {}): KeycloakUserEvent => ({
  id: "e1",
  at,
  type,
  userId: "u1",
  sessionId: "sid1",
  clientId: "account",
  error: null,
  details: {},
  ...changes,
});
const kinds = (notices: { kind: string; subject: string }[]) =>
  notices.map(({ kind, subject }) => `${kind} ${subject}`);

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
    ["CUSTOM_REQUIRED_ACTION", { details: { custom_required_action: "VERIFY_EMAIL" } }, ["user u1"]],
    ["CUSTOM_REQUIRED_ACTION_ERROR", {}, ["user u1"]],
    ["EXECUTE_ACTION_TOKEN", {}, ["user u1"]],
    ["IDENTITY_PROVIDER_LOGIN", {}, ["user u1"]],
    ["INVITE_ORG", {}, ["user u1"]],
    ["UPDATE_CREDENTIAL", { details: { credential_type: "password" } }, ["user u1", "credentials u1"]],
    ["UPDATE_CREDENTIAL", { details: { credential_type: "otp" } }, ["user u1"]],
    ["REMOVE_CREDENTIAL", { details: { credential_type: "password" } }, ["user u1", "credentials u1"]],
    ["UPDATE_PASSWORD", {}, ["user u1", "credentials u1"]],
    ["RESET_PASSWORD", {}, ["user u1", "credentials u1"]],
    ["REVOKE_GRANT", {}, ["sessions u1", "user u1"]],
    ["RESTART_AUTHENTICATION", {}, ["session sid1"]],
    ["REFRESH_TOKEN_ERROR", { error: "invalid_token" }, ["user u1", "session sid1"]],
    ["REFRESH_TOKEN_ERROR", { error: "invalid_token", userId: null, sessionId: null }, []],
    ["REFRESH_TOKEN_ERROR", { userId: null, details: { refresh_token_sub: "u2" } }, ["user u2", "session sid1"]],
    ["LOGOUT", {}, ["session sid1"]],
    ["LOGOUT", { sessionId: null }, ["sessions u1"]],
    ["USER_SESSION_DELETED", {}, ["session sid1"]],
    ["LOGIN", {}, []],
    ["LOGIN_ERROR", { error: "invalid_user_credentials" }, []],
    ["LOGIN_ERROR", { error: "user_disabled" }, ["user u1"]],
    ["UPDATE_PROFILE", { userId: null }, []],
    ["UPDATE_PROFILE_ERROR", {}, []],
    ["SOMETHING_NEW", {}, ["user u1"]],
    ["SOMETHING_NEW_ERROR", {}, []],
    ["constructor", {}, ["user u1"]],
  ] as [string, Partial<KeycloakUserEvent>, string[]][])("%s %j", (type, changes, expected) => {
    expect(kinds(noticesOfUserEvent(userEvent(type, changes)))).toEqual(expected);
  });

  test("a changed password keeps the session it was changed in", () => {
    expect(noticesOfUserEvent(userEvent("RESET_PASSWORD"))).toMatchObject([
      { kind: "user" },
      { kind: "credentials", keepSession: "sid1", changedAt: at },
    ]);
  });

  test.each([
    "LOGIN",
    "CLIENT_LOGIN",
    "CODE_TO_TOKEN",
    "REFRESH_TOKEN",
    "TOKEN_EXCHANGE",
    "OAUTH2_DEVICE_CODE_TO_TOKEN",
    "GRANT_CONSENT",
    "SEND_RESET_PASSWORD",
    "VERIFIABLE_CREDENTIAL_REQUEST",
  ])("%s is nobody's change, and not read", (type) => {
    expect(noticesOfUserEvent(userEvent(type))).toEqual([]);
    expect(noticeTypes).not.toContain(type);
  });

  test("every type that is read is one that the realm is set up to store", () => {
    for (const type of [...noticeTypes, "LOGIN"]) expect(storedEventTypes as readonly string[]).toContain(type);
  });
});
