// sslmode with libpq's meaning, against real servers with and without TLS, and with one that lets each account in in one way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, DatabaseClient } from "@libs/database";
import { diagnoseDatabase, migrate } from "@libs/database/migrate";
import { openTestPostgres, STACK_TIMEOUT_MS, type TestPostgres } from "@libs/dev-stack";
import { startSweeps } from "@libs/keycloak-authV2";
import { checkGuard } from "@libs/keycloak-authV2/startup-check";
import { silentLogger } from "@libs/observability";
import { eventually } from "./support/eventually.ts";

const folder = join(import.meta.dir, "support/certificates");
const path = (name: string) => join(folder, `${name}.pem`);
const pem = (name: string) => readFileSync(path(name), "utf8");

let plain: TestPostgres;
let secure: TestPostgres;

beforeAll(async () => {
  const password = (who: string, how: string) => `${how} all ${who} 127.0.0.1/32 scram-sha-256`;
  plain = await openTestPostgres();
  secure = await openTestPostgres({
    settings: ["ssl = on", "ssl_cert_file = 'server.pem'", "ssl_key_file = 'server-key.pem'", "ssl_ca_file = 'ca.pem'"],
    files: { "server.pem": pem("server"), "server-key.pem": pem("server-key"), "ca.pem": pem("ca") },
    hba: [
      password("tls_only", "hostssl"),
      password("plain_only", "hostnossl"),
      "hostssl all tls_client 127.0.0.1/32 cert",
      password("postgres", "host"),
      "host all postgres ::1/128 scram-sha-256",
    ],
  });
  for (const server of [plain, secure]) {
    const client = new DatabaseClient(server.url("postgres"));
    await client.connect();
    for (const name of ["tls_only", "plain_only", "tls_client"])
      await client.query(`CREATE ROLE ${name} LOGIN PASSWORD 'pass-word-1'`);
    await client.end();
  }
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([plain?.stop(), secure?.stop()]);
});

function url(server: TestPostgres, parameters: Record<string, string>, user?: string, host = "localhost"): string {
  const changed = new URL(server.url("postgres"));
  if (user) Object.assign(changed, { username: user, password: "pass-word-1" });
  changed.hostname = host;
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
}

/** `TLS`, `plain`, or what the driver said. */
async function outcome(at: string): Promise<string> {
  const client = new DatabaseClient(at, { connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ ssl: boolean }>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    return rows[0]?.ssl ? "TLS" : "plain";
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code ?? message;
  } finally {
    await client.end().catch(() => {});
  }
}

const NO_TLS = "The server does not support SSL connections";
const NO_ENTRY = "28000";
const SELF_SIGNED = expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/);
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

describe("a server without TLS", () => {
  test.each([
    [{}, "plain"],
    [{ sslmode: "disable" }, "plain"],
    [{ sslmode: "allow" }, "plain"],
    [{ sslmode: "prefer" }, "plain"],
    [{ sslmode: "require" }, NO_TLS],
    [{ sslmode: "verify-ca", sslrootcert: path("ca") }, NO_TLS],
    [{ sslmode: "verify-full", sslrootcert: path("ca") }, NO_TLS],
    [{ ssl: "true" }, NO_TLS],
    [{ ssl: "false" }, "plain"],
  ] as [Record<string, string>, string][])("%p", async (parameters, expected) => {
    expect(await outcome(url(plain, parameters))).toBe(expected);
  });
});

describe("a server whose certificate nobody knows", () => {
  test.each([
    [{}, "TLS"],
    [{ sslmode: "disable" }, "plain"],
    [{ sslmode: "allow" }, "plain"],
    [{ sslmode: "prefer" }, "TLS"],
    [{ sslmode: "require" }, "TLS"],
    [{ sslmode: "no-verify" }, "TLS"],
    [{ sslmode: "require", sslnegotiation: "direct" }, "TLS"],
    [{ sslmode: "require", sslrootcert: path("ca") }, "TLS"],
    [{ sslmode: "verify-ca", sslrootcert: path("ca") }, "TLS"],
    [{ sslmode: "verify-full", sslrootcert: path("ca") }, "TLS"],
    [{ sslmode: "require", sslrootcert: path("other-ca") }, SELF_SIGNED],
    [{ sslmode: "verify-ca", sslrootcert: path("other-ca") }, SELF_SIGNED],
    [{ sslmode: "verify-full", sslrootcert: path("other-ca") }, SELF_SIGNED],
    [{ sslmode: "verify-full" }, SELF_SIGNED],
    [{ ssl: "true" }, SELF_SIGNED],
    // It is refused, and then there is the other way, as with libpq.
    [{ sslmode: "prefer", sslrootcert: path("other-ca") }, "plain"],
  ] as [Record<string, string>, string][])("%p", async (parameters, expected) => {
    expect(await outcome(url(secure, parameters))).toEqual(expected);
  });

  test("verify-full asks for the name, verify-ca and require do not", async () => {
    const root = { sslrootcert: path("ca") };
    const at = (sslmode: string) => outcome(url(secure, { sslmode, ...root }, undefined, "127.0.0.1"));
    expect([await at("verify-full"), await at("verify-ca"), await at("require")]).toEqual([WRONG_NAME, "TLS", "TLS"]);
  });

  test("a certificate and a key of the client's own let it in", async () => {
    const own = {
      sslmode: "verify-full",
      sslrootcert: path("ca"),
      sslcert: path("client"),
      sslkey: path("client-key"),
    };
    const at = (parameters: Record<string, string>) => outcome(url(secure, parameters, "tls_client", "127.0.0.1"));
    expect(await at({ ...own, sslmode: "verify-ca" })).toBe("TLS");
    expect(await at({ sslmode: "require" })).toBe(NO_ENTRY);
  });
});

describe("a server that lets an account in in one way alone", () => {
  const at = (user: string, sslmode?: string) => outcome(url(secure, sslmode ? { sslmode } : {}, user, "127.0.0.1"));

  test("prefer and allow find it, whichever it is", async () => {
    for (const mode of [undefined, "prefer", "allow"]) {
      expect(await at("tls_only", mode)).toBe("TLS");
      expect(await at("plain_only", mode)).toBe("plain");
    }
    expect(await at("tls_only", "disable")).toBe(NO_ENTRY);
    expect(await at("plain_only", "require")).toBe(NO_ENTRY);
  });

  test("a wrong password is tried once, and is reported as what it is", async () => {
    const wrong = Object.assign(new URL(url(secure, {}, "tls_only", "127.0.0.1")), { password: "not-it" }).href;
    expect(await outcome(wrong)).toBe("28P01");
  });
});

test("repositories and migrations go over TLS as well", async () => {
  const at = url(secure, { sslmode: "verify-full", sslrootcert: path("ca") });
  await migrate(at);
  const database = createDatabase(at);
  try {
    const query = database.$queryRaw<{ ssl: boolean }[]>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
    expect(await query).toEqual([{ ssl: true }]);
    expect(await database.user.count()).toBe(0);
  } finally {
    await database.$disconnect();
  }
});

describe("the sentence of who can't connect says why", () => {
  test.each([
    [() => url(secure, { sslmode: "verify-full" }), /certificate .* is not trusted .*sslrootcert=/],
    [() => url(secure, { sslmode: "verify-full", sslrootcert: path("ca") }, undefined, "127.0.0.1"), /ALTNAME/],
    [() => url(plain, { sslmode: "require" }), /does not speak TLS, and sslmode in DATABASE_URL demands it/],
    [() => url(secure, { sslmode: "disable" }, "tls_only", "127.0.0.1"), /demands TLS/],
    [() => url(secure, { sslmode: "verify-ca" }), /sslmode=verify-ca without the CA's file/],
    [() => url(secure, { sslmode: "required" }), /has an unknown sslmode/],
    [
      () => url(secure, { sslmode: "require", sslrootcert: "/nowhere/ca.pem" }),
      /sslrootcert that can't be read \(ENOENT\)/,
    ],
    [() => url(secure, { sslnegotiation: "direct" }), /sslnegotiation=direct, which needs sslmode=require/],
    [() => url(secure, { sslcrl: "/nowhere" }), /sslcrl, which is not supported/],
  ])("%#", async (at, sentence) => {
    expect(await diagnoseDatabase(at())).toMatch(sentence);
  });
});

test.each([
  [() => url(plain, { sslmode: "require" }), "the server offers no TLS, and sslmode demands it"],
  [
    () => url(secure, { sslmode: "disable" }, "tls_only", "127.0.0.1"),
    "the server demands TLS, and sslmode forbids it",
  ],
  [() => url(secure, { sslmode: "verify-full" }), expect.stringMatching(/UNABLE_TO_|SELF_SIGNED/)],
  [() => url(secure, { sslmode: "verify-full", sslrootcert: path("ca") }, undefined, "127.0.0.1"), WRONG_NAME],
])("%# the check of a service names TLS, and its reason goes to the log", async (at, detail) => {
  const keycloak = { url: "http://127.0.0.1:1", realm: "nobody", clientId: "nobody" };
  const findings = await checkGuard({ keycloak, databaseUrl: at() });
  const ofDatabase = findings.filter(({ code }) => code.startsWith("database."));
  expect(ofDatabase).toEqual([expect.objectContaining({ code: "database.tls", detail })]);
});

test("background work listens over TLS too, as sslmode says", async () => {
  const address = url(secure, { sslmode: "verify-full", sslrootcert: path("ca") });
  const sweeps = [{ name: "logouts" as const, run: async () => 0 }];
  const runner = startSweeps({ databaseDirectUrl: address, sweeps, intervalMs: 60_000, logger: silentLogger });
  const database = createDatabase(address, { poolSize: 1 });
  try {
    await eventually(async () => {
      const rows = await database.$queryRaw<{ ssl: boolean; listens: boolean }[]>`
        SELECT ssl, query ILIKE 'LISTEN%' AS listens FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE application_name = 'keycloak-sync-gateway-jobs'`;
      expect(rows).toContainEqual({ ssl: true, listens: true });
      expect(rows.every(({ ssl }) => ssl)).toBe(true);
    });
  } finally {
    await runner.stop();
    await database.$disconnect();
  }
}, 30_000);
