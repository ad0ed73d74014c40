import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { parseKeyRing } from "./key-ring.ts";
import { createRequestFingerprint } from "./request-fingerprint.ts";

const key = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;

test("the order of members and missing values say nothing; every value does", () => {
  const fingerprint = createRequestFingerprint(parseKeyRing(key("a")));
  const base = fingerprint({ a: 1, b: { c: [1, 2], d: "x" } });
  expect(fingerprint({ b: { d: "x", c: [1, 2] }, a: 1, e: undefined })).toEqual(base);
  for (const other of [{ a: 1, b: { c: [2, 1], d: "x" } }, { a: "1", b: { c: [1, 2], d: "x" } }, { a: 1 }, {}])
    expect(fingerprint(other)).not.toEqual(base);
});

test("is known again after the keys have moved on, and means nothing under others", () => {
  const [first, second] = [key("a"), key("b")];
  const [old] = createRequestFingerprint(parseKeyRing(first))({ a: 1 });
  const moved = createRequestFingerprint(parseKeyRing(`${second},${first}`))({ a: 1 });
  expect(moved[0]).not.toBe(old);
  expect(moved).toContain(old);
  expect(createRequestFingerprint(parseKeyRing(key("a")))({ a: 1 })).not.toContain(old);
});
