import { expect, test } from "bun:test";
import { isInternalAddress } from "./internal-address.ts";

test.each([
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.1.1",
  "127.0.0.1",
  "127.8.8.8",
  "::1",
  "fd00::1",
  "fc00::",
  "fe80::1",
  "febf::1",
  "::ffff:10.0.0.1",
])("%p is internal", (address) => {
  expect(isInternalAddress(address)).toBeTrue();
});

test.each([
  "203.0.113.7",
  "172.32.0.1",
  "172.15.0.1",
  "100.128.0.1",
  "192.169.0.1",
  "11.0.0.1",
  "8.8.8.8",
  "2001:db8::1",
  "::2",
  "fec0::1",
  "::ffff:8.8.8.8",
  "",
  "localhost",
  "10.0.0",
])("%p is not", (address) => {
  expect(isInternalAddress(address)).toBeFalse();
});
