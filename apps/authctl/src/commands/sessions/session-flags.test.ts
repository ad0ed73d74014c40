import { expect, test } from "bun:test";
import { InvalidArgumentError } from "commander";
import { address, age } from "./session-flags.ts";

test.each([
  ["30s", 30_000],
  ["5min", 300_000],
  ["12h", 43_200_000],
  ["7d", 604_800_000],
] as const)("an age of %s", (text, milliseconds) => {
  expect(age(text)).toBe(milliseconds);
});

test.each(["", "12", "h", "-1h", "1.5h", "1 h", "999999d"])("%j is no age", (text) => {
  expect(() => age(text)).toThrow(InvalidArgumentError);
});

test.each(["203.0.113.7", "203.0.113.0/24", "2001:db8::1", "2001:db8::/32"])("%s is an address", (text) => {
  expect(address(text)).toBe(text);
});

test.each([
  "",
  "host",
  "203.0.113",
  "203.0.113.0/33",
  "203.0.113.0/-1",
  "2001:db8::/129",
  "1.2.3.4/8/8",
  "fe80::1%eth0",
])("%j is none", (text) => {
  expect(() => address(text)).toThrow(InvalidArgumentError);
});
