import { describe, expect, test } from "bun:test";
import { readDatabaseTarget } from "./database-target.ts";
import { readServerOptions } from "./server-options.ts";

const target = (query: string, env: Record<string, string> = {}) =>
  readDatabaseTarget(`postgresql://u:p%40ss@h:5433/d${query}`, env);

describe("options of a URL", () => {
  test.each([
    ["", {}],
    ["-c statement_timeout=500", { statement_timeout: "500" }],
    ["-cstatement_timeout=500", { statement_timeout: "500" }],
    ["--statement-timeout=500 -c TimeZone=UTC", { statement_timeout: "500", TimeZone: "UTC" }],
    ["-c search_path=a,\\ b", { search_path: "a, b" }],
    ["-c my.setting=x=y", { "my.setting": "x=y" }],
  ])("%p are settings", (options, settings) => {
    expect(readServerOptions(options)).toEqual(settings);
  });

  test.each(["endpoint=ep-1", "-c", "-c statement_timeout", "-d 3", "-c a=b endpoint=ep-1", "-c a;b=c"])(
    "%p are left to the server",
    (options) => expect(readServerOptions(options)).toBeUndefined(),
  );
});

describe("a database URL", () => {
  test("keeps what belongs to pg as it was written", () => {
    const { connectionString } = target("?sslmode=require&application_name=a%20b&options=-c%20a=b&connect_timeout=3");
    expect(connectionString).toBe("postgresql://u:p%40ss@h:5433/d?application_name=a%20b&connect_timeout=3");
    expect(target("?schema=x").connectionString).toBe("postgresql://u:p%40ss@h:5433/d");
  });

  test("nothing that a pooler refuses is left to be sent at start-up", () => {
    const { connectionString, settings, startupOptions } = target("?options=-c%20work_mem=8MB&statement_timeout=900");
    expect(connectionString).not.toContain("timeout");
    expect(settings).toEqual({ work_mem: "8MB", statement_timeout: "900" });
    expect(startupOptions).toBeUndefined();
    expect(target("?options=endpoint%3Dep-1")).toMatchObject({ settings: {}, startupOptions: "endpoint=ep-1" });
    expect(target("", { PGOPTIONS: "-c work_mem=8MB" }).settings).toEqual({ work_mem: "8MB" });
  });

  test("a schema is the whole search path, whatever its letters are", () => {
    expect(target('?schema=My"s').settings).toEqual({ search_path: '"My""s"' });
    expect(target("?schema=").settings).toEqual({});
    expect(target("?schema=a&options=-c%20search_path=a").settings).toEqual({ search_path: '"a"' });
  });

  test("sslmode and what goes with it become options of TLS", () => {
    expect(target("").tls).toMatchObject({ ways: ["tls", "plain"], options: { rejectUnauthorized: false } });
    expect(target("?sslmode=verify-full").tls).toMatchObject({ ways: ["tls"], options: { rejectUnauthorized: true } });
    expect(target("?sslmode=verify-full").tls.options.checkServerIdentity).toBeUndefined();
    expect(target("?sslrootcert=system").tls).toMatchObject({ ways: ["tls"], options: { rejectUnauthorized: true } });
    expect(target("", { PGSSLMODE: "disable" }).tls.ways).toEqual(["plain"]);
    expect(target("?sslmode=require", { PGSSLMODE: "disable" }).tls.ways).toEqual(["tls"]);
    expect(target("?sslmode=require&ssl_min_protocol_version=TLSv1.3").tls.options.minVersion).toBe("TLSv1.3");
  });

  test.each([
    ["?sslmode=on", "unknown sslmode"],
    ["?ssl=maybe", "unknown sslmode"],
    ["?sslmode=verify-ca", "without the CA's file"],
    ["?sslmode=verify-ca&sslrootcert=system", "without the CA's file"],
    ["?sslmode=require&sslkey=/nowhere", "sslkey that can't be read"],
    ["?sslcrl=/nowhere", "sslcrl, which is not supported"],
    ["?channel_binding=require", "channel_binding=require, which is not supported"],
    ["?ssl_min_protocol_version=SSLv3", "ssl_min_protocol_version: TLSv1.2 or TLSv1.3"],
    ["?sslnegotiation=direct", "needs sslmode=require"],
    [`?schema=${"x".repeat(64)}`, "more than 63 bytes"],
  ])("%p is refused, and no value is shown", (query, reason) => {
    expect(() => target(query)).toThrow(reason);
  });
});
