import { expect, test } from "bun:test";
import { createLimitKeys } from "./limit-keys.ts";

const keys = createLimitKeys("a secret that all replicas share");

test("a key says nothing about whom it is for, and is one and the same on every replica", () => {
  const key = keys.account("ada@example.com");
  expect(key).toMatch(/^[\w-]{27}$/);
  expect(createLimitKeys("a secret that all replicas share").account("ada@example.com")).toBe(key);
  expect(createLimitKeys("another").account("ada@example.com")).not.toBe(key);
  expect(keys.session("ada@example.com")).not.toBe(key);
});

test("a name counts as one however it is written", () => {
  expect(keys.account("Ada@Example.com")).toBe(keys.account("ada@example.COM"));
  expect(keys.account("caf\u00e9")).toBe(keys.account("cafe\u0301"));
});

test.each([
  ["203.0.113.7", "::ffff:203.0.113.7", true],
  ["203.0.113.7", "203.0.113.8", false],
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["::1", "::1", true],
])("%s and %s: one key %s", (one, other, same) => {
  expect(keys.address(one) === keys.address(other)).toBe(same);
});

test("a secret that changes while the process runs begins every count anew, as a restart does", () => {
  let secret = "first-secret";
  const keys = createLimitKeys(() => secret);
  const before = keys.account("ada");
  expect(keys.account("ada")).toBe(before);
  secret = "second-secret";
  expect(keys.account("ada")).toBe(createLimitKeys("second-secret").account("ada"));
  expect(keys.account("ada")).not.toBe(before);
});
