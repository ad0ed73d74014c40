import { describe, expect, test } from "bun:test";
import type { AddressSign } from "./address-signs.ts";
import { clientAddress } from "./client-address.ts";
import type { ForwardedHeader } from "./forwarded-hops.ts";

type Sign = Pick<AddressSign, "reason" | "header">;

function read(trusted: string[], remote: string, headers: Record<string, string>, header?: ForwardedHeader) {
  const signs: Sign[] = [];
  const options = {
    ...(header && { header }),
    onSign: ({ reason, header }: AddressSign) => signs.push({ reason, header }),
  };
  const request = new Request("http://gateway/", { headers });
  const address = clientAddress(trusted, options)(request, { requestIP: () => ({ address: remote }) });
  return { address, signs };
}

const seen = (trusted: string[], remote: string, forwarded?: string) =>
  read(trusted, remote, forwarded === undefined ? {} : { "x-forwarded-for": forwarded }).address;

describe("no proxy is trusted", () => {
  test("the header is not believed", () => {
    expect(seen([], "203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
    expect(seen([], "127.0.0.1", "198.51.100.1")).toBe("127.0.0.1");
  });
});

describe("a proxy is trusted", () => {
  const trusted = ["loopback", "10.0.0.0/8"];

  test("the address that it adds is believed, what stands to the left of it is not", () => {
    expect(seen(trusted, "10.1.2.3", "198.51.100.1")).toBe("198.51.100.1");
    expect(seen(trusted, "10.1.2.3", "1.1.1.1, 198.51.100.1")).toBe("198.51.100.1");
    expect(seen(trusted, "10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9")).toBe("198.51.100.1");
  });

  test("a direct caller can't pretend", () => {
    expect(seen(trusted, "203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
  });

  test("without the header it is the proxy's own", () => {
    expect(seen(trusted, "10.1.2.3")).toBe("10.1.2.3");
  });

  test.each([
    "unknown",
    "<script>",
    "",
    ",",
    "999.1.1.1",
    "1.2.3",
    "01.2.3.4",
    "0x7f.0.0.1",
    "2130706433",
    "1.2.3.4:port",
    "1.2.3.4:123456",
    "[1.2.3.4",
    "1.2.3.4]",
    "[]:443",
    "::1::2",
    "2001:db8::g",
    "[2001:db8::1]443",
    "1.2.3.4/8",
    "_hidden",
    "unknown:4711",
    "localhost",
    '"',
    "198.51.100.1, nonsense",
    "1.1.1.1; drop",
    "[[2001:db8::1]]",
  ])("garbage, and whoever is hidden, is the proxy: %p", (value) => {
    expect(seen(trusted, "10.1.2.3", value)).toBe("10.1.2.3");
  });

  test("a member that can't be read behind other proxies is the nearest one", () => {
    expect(seen(trusted, "10.1.2.3", "198.51.100.1, nonsense, 10.9.9.9")).toBe("10.1.2.3");
    expect(seen(trusted, "10.1.2.3", "nonsense, 198.51.100.1, 10.9.9.9")).toBe("198.51.100.1");
  });

  test.each([
    ["203.0.113.7:4711", "203.0.113.7"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"],
    // Of a proxy that leaves the brackets out: eight groups and a ninth.
    ["2001:db8:0:0:0:0:0:1:4711", "2001:db8::1"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["[::ffff:203.0.113.7]:4711", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:80", "fe80::1"],
    ['"203.0.113.7:4711"', "203.0.113.7"],
    ["203.0.113.7:_port", "203.0.113.7"],
    ["  203.0.113.7:4711\t", "203.0.113.7"],
    [", ,203.0.113.7:4711, ,", "203.0.113.7"],
    ["1.1.1.1:1, 203.0.113.7:4711, 10.9.9.9:80", "203.0.113.7"],
    ["203.0.113.7:4711, [::ffff:10.9.9.9]:80", "203.0.113.7"],
  ])("as proxies write it: %p is %p", (value, address) => {
    expect(read(trusted, "10.1.2.3", { "x-forwarded-for": value })).toEqual({ address, signs: [] });
    expect(seen(trusted, "::ffff:10.1.2.3", value)).toBe(address);
    expect(seen(trusted, "203.0.113.200", value)).toBe("203.0.113.200");
  });
});

describe("Forwarded (RFC 7239)", () => {
  const trusted = ["loopback", "10.0.0.0/8"];
  const behind = (value: string) => read(trusted, "10.1.2.3", { forwarded: value }, "forwarded");

  test.each([
    // The RFC's own examples (§4, §6.3, §7.1).
    ['For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"],
    ["for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"],
    ["for=192.0.2.43, for=198.51.100.17", "198.51.100.17"],
    ['for=192.0.2.43,for="[2001:db8:cafe::17]",for=10.0.0.1', "2001:db8:cafe::17"],
    ['for="_gazonk", for=192.0.2.43', "192.0.2.43"],
    // What proxies make of it.
    ["FOR=192.0.2.43", "192.0.2.43"],
    ['for="192.0.2.43:4711"', "192.0.2.43"],
    ["for=192.0.2.43:4711", "192.0.2.43"],
    ["for=[2001:db8::1]", "2001:db8::1"],
    ['for="[::ffff:192.0.2.43]:4711"', "192.0.2.43"],
    ['for="192.0.2.\\43"', "192.0.2.43"],
    ['host="a, b; for=1.1.1.1";for=192.0.2.43', "192.0.2.43"],
    ["proto=https;for=192.0.2.43 ; by=_x", "192.0.2.43"],
    [", , for=192.0.2.43;, ;", "192.0.2.43"],
    ['for="192.0.2.43:_obf";host=""', "192.0.2.43"],
  ])("%p is %p", (value, address) => {
    expect(behind(value)).toEqual({ address, signs: [] });
    expect(read(trusted, "203.0.113.7", { forwarded: value }, "forwarded").address).toBe("203.0.113.7");
  });

  test.each([
    ["for=unknown", "hidden"],
    ['for="unknown:4711"', "hidden"],
    ["for=_hidden", "hidden"],
    ["for=198.51.100.1, for=_SEVKISEK", "hidden"],
    ["for=198.51.100.1, proto=https", "hidden"],
    ["for=", "unreadable"],
    ["for", "unreadable"],
    ["192.0.2.43", "unreadable"],
    ["for=nonsense", "unreadable"],
    ["for=192.0.2.43 for=192.0.2.44", "unreadable"],
    ["for=192.0.2.43;for=192.0.2.44", "unreadable"],
    ['for="192.0.2.43', "unreadable"],
    ['for="192.0.2.43"x', "unreadable"],
    ['for=192.0.2.43;x="\\', "unreadable"],
    // A quote that a caller left open takes in what the proxy added: nothing of it is believed.
    ['for=1.1.1.1;x=", for=192.0.2.43', "unreadable"],
    ['for=1.1.1.1;x=", for="[2001:db8::1]:4711"', "unreadable"],
  ] as const)("%p is the proxy: %s", (value, reason) => {
    expect(behind(value)).toEqual({ address: "10.1.2.3", signs: [{ reason, header: "forwarded" }] });
  });

  test("what is long and broken is refused at once", () => {
    for (const long of [" ".repeat(16_000), ";".repeat(16_000), 'x="'.repeat(5_000), "for=1.1.1.1,".repeat(1_300)])
      expect(behind(`${long}(`)).toEqual({
        address: "10.1.2.3",
        signs: [{ reason: "unreadable", header: "forwarded" }],
      });
  });

  test("only one of the two headers is ever read", () => {
    const both = { forwarded: "for=192.0.2.43", "x-forwarded-for": "198.51.100.1" };
    expect(read(trusted, "10.1.2.3", both)).toEqual({ address: "198.51.100.1", signs: [] });
    expect(read(trusted, "10.1.2.3", both, "forwarded")).toEqual({ address: "192.0.2.43", signs: [] });
    const garbage = { forwarded: "for=192.0.2.43", "x-forwarded-for": "nonsense" };
    expect(read(trusted, "10.1.2.3", garbage).address).toBe("10.1.2.3");
    const { "x-forwarded-for": other } = both;
    expect(read(trusted, "10.1.2.3", { "x-forwarded-for": other }, "forwarded")).toEqual({
      address: "10.1.2.3",
      signs: [{ reason: "other_header", header: "x-forwarded-for" }],
    });
  });
});

test("a proxy that is not named gives itself away, when it stands in an internal network", () => {
  const headers = { "x-forwarded-for": "198.51.100.1" };
  const sign = { reason: "untrusted", header: "x-forwarded-for" };
  for (const address of ["10.1.2.3", "172.18.0.2", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1"])
    expect(read([], address, headers)).toEqual({ address, signs: [sign as Sign] });
  // Anybody can send the header from outside.
  expect(read([], "203.0.113.7", headers).signs).toEqual([]);
  expect(read([], "10.1.2.3", {}).signs).toEqual([]);
});

test("an IPv4 address in IPv6 form is written plainly", () => {
  expect(seen([], "::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(seen(["loopback"], "::ffff:127.0.0.1", "2001:db8::1")).toBe("2001:db8::1");
});

test("a request without a connection has no address", () => {
  expect(clientAddress([])(new Request("http://gateway/"), null)).toBeUndefined();
});

test("an unknown name in the list is refused at once", () => {
  expect(() => clientAddress(["nonsense"])).toThrow();
});
