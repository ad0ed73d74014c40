import { describe, expect, test } from "bun:test";
import type { KeycloakAdminEvent } from "../../ports/ports.ts";
import { endsEverySession, nameInDetails, noticesOfAdminEvent } from "./admin-event-notices.ts";

const at = new Date("2030-01-01T00:00:00Z");
const adminEvent = (operation: string, resourcePath: string, resourceType = "USER"): KeycloakAdminEvent => ({
  id: "e1",
  at,
  operation,
  resourceType,
  resourcePath,
  byUserId: "admin",
  details: {},
});
const kinds = (notices: { kind: string; subject: string }[]) =>
  notices.map(({ kind, subject }) => `${kind} ${subject}`);

test.each([
  ["CREATE", "users/u1", "USER", ["user u1"]],
  ["UPDATE", "users/u1", "USER", ["user u1", "sessions u1"]],
  ["DELETE", "users/u1", "USER", ["user u1"]],
  ["CREATE", "users/u1", "REALM", ["user u1"]],
  ["UPDATE", "users/f:ldap:jane", "USER", ["user f:ldap:jane", "sessions f:ldap:jane"]],
  ["UPDATE", "users/emp 0042", "USER", ["user emp 0042", "sessions emp 0042"]],
  ["ACTION", "users/u1/reset-password", "USER", ["user u1", "credentials u1"]],
  ["ACTION", "users/u1/logout", "USER", ["user u1", "sessions u1"]],
  ["DELETE", "users/u1/consents/shop", "USER", ["user u1", "sessions u1"]],
  ["ACTION", "users/u1/execute-actions-email", "USER", ["user u1"]],
  ["ACTION", "users/u1/credentials/c1", "USER", ["user u1", "sessions u1", "removed_credential u1"]],
  ["DELETE", "sessions/sid1", "USER_SESSION", ["session sid1"]],
  ["CREATE", "users/u1/role-mappings/realm", "REALM_ROLE_MAPPING", ["user u1"]],
  ["CREATE", "users/u1/role-mappings/clients/c1", "CLIENT_ROLE_MAPPING", ["user u1"]],
  ["DELETE", "users/u1/groups/g1", "GROUP_MEMBERSHIP", ["user u1"]],
  ["CREATE", "users/u1/federated-identity/google", "USER", ["user u1"]],
  ["DELETE", "organizations/o1/members/u1", "ORGANIZATION_MEMBERSHIP", ["user u1"]],
  ["DELETE", "organizations/o1/members/a/b", "ORGANIZATION_MEMBERSHIP", ["user a/b", "user a"]],
  ["CREATE", "organizations/o1/groups/g1/members/u1", "ORGANIZATION_GROUP_MEMBERSHIP", ["user u1"]],
  ["DELETE", "attack-detection/brute-force/users/u1", "USER_LOGIN_FAILURE", ["user u1"]],
  ["ACTION", "workflows/w1/activate/USERS/u1", "WORKFLOW", ["user u1"]],
])("%s %s (%s) names a user", (operation, path, type, expected) => {
  const notices = noticesOfAdminEvent(adminEvent(operation, path, type));
  expect(kinds(notices)).toEqual(expected);
  for (const notice of notices) expect(notice).toMatchObject({ source: "admin_events", changedAt: at });
});

test.each([
  ["users/a/b", ["user a/b", "sessions a/b", "user a"]],
  ["users/a/b/role-mappings/realm", ["user a/b"]],
  ["users/a/b/logout", ["user a/b", "sessions a/b"]],
  ["users/a/b/logout/c", ["user a/b/logout/c", "sessions a/b/logout/c", "user a"]],
  ["users/u1/something-new", ["user u1/something-new", "sessions u1/something-new", "user u1"]],
  ["users//b", ["user /b", "sessions /b"]],
  ["users/", []],
  ["users", []],
])("an id may hold slashes, and a part may be new: %s", (path, expected) => {
  expect(kinds(noticesOfAdminEvent(adminEvent("UPDATE", path)))).toEqual(expected);
});

test.each([
  ["UPDATE", "organizations/o1", "ORGANIZATION"],
  ["DELETE", "organizations/o1", "ORGANIZATION"],
  ["CREATE", "components/c1", "COMPONENT"],
  ["UPDATE", "components/c1", "COMPONENT"],
  ["DELETE", "components/c1", "COMPONENT"],
  ["ACTION", "user-storage/c1/sync", "COMPONENT"],
  ["ACTION", "user-storage/c1/remove-imported-users", "COMPONENT"],
  ["UPDATE", "identity-provider/instances/google", "IDENTITY_PROVIDER"],
  ["DELETE", "identity-provider/instances/google", "IDENTITY_PROVIDER"],
  ["UPDATE", "users/profile", "USER_PROFILE"],
  ["UPDATE", "events/config", "REALM"],
  ["ACTION", "clear-user-cache", "REALM"],
  ["ACTION", "clear-realm-cache", "REALM"],
])("%s %s (%s) concerns every user", (operation, path, type) => {
  expect(kinds(noticesOfAdminEvent(adminEvent(operation, path, type)))).toEqual(["every_user realm"]);
});

test.each([
  ["ACTION", "logout-all", "REALM"],
  ["CREATE", "clients/c1/protocol-mappers/models/m1", "PROTOCOL_MAPPER"],
  ["CREATE", "clients/c1", "CLIENT"],
  ["CREATE", "organizations/o1", "ORGANIZATION"],
  ["CREATE", "organizations/o1/members", "ORGANIZATION_MEMBERSHIP"],
  ["CREATE", "organizations/o1/members/invite-user", "ORGANIZATION_MEMBERSHIP"],
  ["CREATE", "identity-provider/instances", "IDENTITY_PROVIDER"],
  ["UPDATE", "identity-provider/instances/google/mappers/m1", "IDENTITY_PROVIDER_MAPPER"],
  ["UPDATE", "groups/g1", "GROUP"],
  ["CREATE", "groups/g1/role-mappings/realm", "REALM_ROLE_MAPPING"],
  ["ACTION", "clear-keys-cache", "REALM"],
])("%s %s (%s) is no notice", (operation, path, type) => {
  expect(noticesOfAdminEvent(adminEvent(operation, path, type))).toEqual([]);
});

test.each([
  ["UPDATE", "clients/c1", "CLIENT", ["not_before realm"]],
  ["ACTION", "clients/c1/push-revocation", "CLIENT", ["not_before realm"]],
  ["ACTION", "push-revocation", "REALM", ["not_before realm"]],
  ["UPDATE", "", "REALM", ["every_user realm", "not_before realm"]],
])("%s %s (%s) may revoke tokens", (operation, path, type, expected) => {
  expect(kinds(noticesOfAdminEvent(adminEvent(operation, path, type)))).toEqual(expected);
});

test("a sign-out of the whole realm is no single user's", () => {
  expect(endsEverySession(adminEvent("ACTION", "logout-all", "REALM"))).toBeTrue();
  expect(endsEverySession(adminEvent("ACTION", "users/u1/logout"))).toBeFalse();
});

describe("a user who is named in the details alone", () => {
  const details = { username: "ada", email: "ada@example.com" };
  test.each([
    ["organizations/o1/members", details, details],
    ["organizations/o1/members", { username: "ada" }, { username: "ada", email: null }],
    ["organizations/o1/members/u1", details, null],
    ["organizations/o1/members", {}, null],
  ])("%s %j", (path, given, expected) => {
    const event = { ...adminEvent("CREATE", path, "ORGANIZATION_MEMBERSHIP"), details: given };
    expect(nameInDetails(event as KeycloakAdminEvent)).toEqual(expected);
  });
});
