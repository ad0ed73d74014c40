import { expect, test } from "bun:test";
import { IssuedAlike } from "./issued-alike.ts";

const now = new Date("2026-01-01T00:00:00Z");
const seconds = now.getTime() / 1000;
const rules = { issuer: "https://id.example.org/realms/shop", audience: "gateway", now };
const claims = {
  iss: rules.issuer,
  aud: ["gateway", "account"],
  sub: "u1",
  sid: "s1",
  iat: seconds,
  exp: seconds + 60,
};
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = (changes: object = {}, header: object = { alg: "RS256", kid: "k1" }) =>
  `${part(header)}.${part({ ...claims, ...changes })}.AAAA`;

test("nothing is familiar at first", () => {
  expect(new IssuedAlike().read(token(), rules)).toBeNull();
});

test("a signature is checked again after a minute, however many tokens came meanwhile", () => {
  let at = 0;
  const alike = new IssuedAlike(() => at);
  alike.remember(token());
  for (at = 0; at < 60_000; at += 10_000) expect(alike.read(token(), rules)).toMatchObject({ sub: "u1" });
  expect(alike.read(token(), rules)).toBeNull();
});

test.each([
  ["another key", token({}, { alg: "RS256", kid: "k2" })],
  ["another algorithm", token({}, { alg: "none", kid: "k1" })],
  ["another issuer", token({ iss: "https://id.example.org/realms/other" })],
  ["another audience", token({ aud: "account" })],
  ["no audience", token({ aud: undefined })],
  ["no subject", token({ sub: undefined })],
  ["no session", token({ sid: "" })],
  ["no time of issue", token({ iat: undefined })],
  ["no end", token({ exp: undefined })],
  ["past its end", token({ exp: seconds - 11 })],
  ["not valid yet", token({ nbf: seconds + 11 })],
  ["a moment that is none", token({ nbf: "soon" })],
  ["no JWT", `${part({ alg: "RS256", kid: "k1" })}.e.AAAA`],
  ["empty", ""],
])("%s is left to the whole check", (_, other) => {
  const alike = new IssuedAlike(() => 0);
  alike.remember(token());
  expect(alike.read(other, rules)).toBeNull();
});
