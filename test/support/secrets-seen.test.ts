import { expect, test } from "bun:test";
import { secretsIn } from "./secrets-seen.ts";

const token = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.${"s".repeat(40)}-Tail`;
const secrets = ["Secret-0123456789ab", "qwertzui", token, "päss-wörd-☃-0001"];
const found = (text: string) => secretsIn(text, secrets).length;

test("a secret is found wherever it stands, whole", () => {
  for (const secret of secrets) {
    for (const text of [
      secret,
      `x${secret}`,
      `${secret}x`,
      `{"a":"${secret}"}`,
      `${"y".repeat(5_000)}${secret}${secret}`,
    ])
      expect([text.length, found(text)]).toEqual([text.length, 1]);
  }
});

test("a token's signature alone is found", () => {
  expect(found(`…${token.split(".")[2]}…`)).toBe(1);
});

test("parts and likenesses are not", () => {
  for (const text of ["", "Secret-0123456789a", "ecret-0123456789ab", "qwertzu", "wertzui", "Secret-x123456789ab"])
    expect([text, found(text)]).toEqual([text, 0]);
});

test("secrets with the same end are distinguished", () => {
  expect(secretsIn("one-same-end-0000", ["one-same-end-0000", "two-same-end-0000"])).toEqual(["one-… (17 characters)"]);
});
