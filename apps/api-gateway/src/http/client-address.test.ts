import { describe, expect, test } from "bun:test";
import { clientAddress } from "./client-address.ts";

function seen(trusted: string[], remote: string, forwarded?: string): string | undefined {
  const headers: Record<string, string> = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return clientAddress(trusted)(new Request("http://gateway/", { headers }), {
    requestIP: () => ({ address: remote }),
  });
}

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

  test.each(["unknown", "<script>", "198.51.100.1:4711", "", ",", "999.1.1.1"])(
    "garbage is not passed on: %p",
    (value) => {
      expect(seen(trusted, "10.1.2.3", value)).toBe("10.1.2.3");
    },
  );
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
