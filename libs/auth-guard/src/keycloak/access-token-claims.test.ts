import { describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { readAccessTokenClaims, rolesOf } from "./access-token-claims.ts";

const good = { sub: "u1", typ: "Bearer", azp: "gw", iat: 1, exp: 2 };
const read = (more: string) => readAccessTokenClaims({ ...good, ...JSON.parse(more) });

test("a token without anything that it may lack", () => {
  const claims = read("{}");
  expect(rolesOf(claims)).toEqual({ realm: [], clients: [] });
});

test("roles of the realm and of clients, by any name", () => {
  const claims = read(
    '{"realm_access":{"roles":["a"]},"resource_access":{"gw":{"roles":["b"]},"x\\ny":{},"":{"roles":["c"]}}}',
  );
  expect(rolesOf(claims)).toEqual({
    realm: ["a"],
    clients: [
      ["gw", ["b"]],
      ["x\ny", []],
      ["", ["c"]],
    ],
  });
});

test("a client that is called __proto__ gives no roles", () => {
  const claims = read('{"resource_access":{"__proto__":{"roles":["admin"]}}}');
  expect(rolesOf(claims).clients).toEqual([]);
});

describe("refused, by the claim's name", () => {
  test.each([
    ['{"sub":""}', "sub"],
    ['{"typ":"ID"}', "typ"],
    ['{"azp":null}', "azp"],
    ['{"iat":"1"}', "iat"],
    ['{"exp":1e999}', "exp"],
    ['{"sid":""}', "sid"],
    ['{"sid":null}', "sid"],
    ['{"email":1}', "email"],
    ['{"email_verified":null}', "email_verified"],
    ['{"preferred_username":{}}', "preferred_username"],
    ['{"realm_access":[]}', "realm_access"],
    ['{"realm_access":{"roles":[1]}}', "realm_access.roles.0"],
    ['{"realm_access":{"roles":null}}', "realm_access.roles"],
    ['{"resource_access":{"gw":null}}', "resource_access.gw"],
    ['{"resource_access":{"a\\nb":null}}', "resource_access.a\nb"],
    ['{"resource_access":{"a\\nb":{"roles":"admin"}}}', "resource_access.a\nb.roles"],
    ['{"resource_access":{"a\\nb":{"roles":[1,{"x":1}]}}}', "resource_access.a\nb.roles.0"],
  ])("%s", async (more, claim) => {
    const error = await failure((async () => read(more))(), "token.invalid");
    expect(error.internal).toContain(claim);
  });
});
