import { expect, test } from "bun:test";
import { openedSession } from "./opened-session.ts";

const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

test.each([
  ["session_state", { session_state: "s1" }, { keycloakSessionId: "s1", userId: null, refreshToken: null }],
  [
    "any token's sid and sub",
    { id_token: token({ sid: "s2", sub: "u2" }) },
    { keycloakSessionId: "s2", userId: "u2", refreshToken: null },
  ],
  [
    "a token that says less beside one that says more",
    { session_state: "", access_token: token({ sid: "s3" }), id_token: token({ sub: "u3" }), refresh_token: "r3" },
    { keycloakSessionId: "s3", userId: "u3", refreshToken: "r3" },
  ],
  ["tokens that are none", { access_token: "opaque", refresh_token: 7, id_token: "a.b.c" }, undefined],
  ["a sid that is no text", { session_state: 7, access_token: token({ sid: ["s"] }) }, undefined],
  ["nothing", undefined, undefined],
])("reads %s", (_, json, expected) => {
  expect(openedSession(json)).toEqual(expected);
});
