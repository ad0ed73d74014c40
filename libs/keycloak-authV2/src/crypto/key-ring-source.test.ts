import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createRequestFingerprint, KeyRingError, keyRingSource, TokenCipher } from "./index.ts";

const newKey = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const place = { sessionId: "s1", column: "access_token" };

test("a ring that changes opens what it sealed before, and seals with its new first key", () => {
  const old = newKey("old");
  let text = old;
  const ring = keyRingSource(() => text);
  const cipher = new TokenCipher(ring);
  const fingerprint = createRequestFingerprint(ring);
  const [sealed, [signed]] = [cipher.encrypt("token", place), fingerprint({ a: 1 })];
  text = `${newKey("new")},${old}`;
  expect(cipher.encrypt("token", place)).toStartWith("v1.new.");
  expect(cipher.decrypt(sealed, place)).toBe("token");
  const [first, second] = fingerprint({ a: 1 });
  expect(first).toStartWith("new:");
  expect(second).toBe(signed);
});

test("a ring that stays the same is not read again, and a broken one leaves the one of before", () => {
  let text = newKey("a");
  const ring = keyRingSource(() => text);
  const before = ring();
  expect(ring()).toBe(before);
  text = "a:broken";
  expect(ring()).toBe(before);
  text = newKey("b");
  expect(ring().current.id).toBe("b");
});

test("there must be one at first", () => {
  expect(() => keyRingSource(undefined)).toThrow(KeyRingError);
  expect(() => keyRingSource(() => "a:broken")).toThrow(KeyRingError);
});
