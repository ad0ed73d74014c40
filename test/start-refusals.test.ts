// `bun run start` and `stack` on given servers: each fault is said in a sentence of its own, with what to do.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { realmAdmin } from "./support/realm-admin.ts";
import { givenServers, StartCommand } from "./support/start-command.ts";

let stack: TestStack;
let databaseUrl: string;
let given: Record<string, string>;
beforeAll(async () => {
  stack = await useStack();
  databaseUrl = (await stack.createDatabase()).url;
  given = { ...givenServers(stack, databaseUrl), KEYCLOAK_REALM: stack.realm };
}, STACK_TIMEOUT_MS);

/** What it says when it is refused: without a stack trace, a time-out or a password. */
async function refusal(changed: Record<string, string>, command: "start" | "stack" = "start"): Promise<string> {
  const { code, output } = await new StartCommand({ ...given, ...changed }, command).ended();
  expect(code).toBe(1);
  expect(output).not.toMatch(/^\s+at /m);
  for (const secret of [stack.keycloakAdmin.password, new URL(databaseUrl).password, "do-not-show"])
    expect(output).not.toContain(secret);
  return output;
}

const changedUrl = (change: (url: URL) => void) => {
  const url = new URL(databaseUrl);
  change(url);
  return url.href;
};

describe("DATABASE_URL", () => {
  const cases: [string, () => string, string][] = [
    ["a wrong password", () => changedUrl((url) => Object.assign(url, { password: "do-not-show" })), "its password"],
    [
      "an unknown database",
      () => changedUrl((url) => Object.assign(url, { pathname: "/nosuch" })),
      'no database "nosuch"',
    ],
    ["no URL", () => "do-not-show", "DATABASE_URL is not a URL"],
    ["a MySQL URL", () => databaseUrl.replace(/^postgres(ql)?/, "mysql"), "DATABASE_URL names MySQL"],
    ["a host that refuses", () => changedUrl((url) => Object.assign(url, { port: "1" })), "Nothing listens at"],
    [
      "a host that is unknown",
      () => changedUrl((url) => Object.assign(url, { hostname: "nosuch.invalid" })),
      'The host "nosuch.invalid"',
    ],
    [
      "TLS where there is none",
      () => changedUrl((url) => url.searchParams.set("sslmode", "verify-full")),
      "does not speak TLS",
    ],
    [
      "Keycloak's port",
      () => changedUrl((url) => Object.assign(url, { port: new URL(stack.keycloakUrl).port })),
      "is not PostgreSQL",
    ],
  ];
  test.each(cases)("%s", async (_, url, sentence) => {
    expect(await refusal({ DATABASE_URL: url() })).toContain(sentence);
  });
});

describe("a role of PostgreSQL", () => {
  const role = `test_${randomBytes(6).toString("hex")}`;
  let sql: SQL;
  beforeAll(() => {
    sql = new SQL(databaseUrl, { max: 1 });
  });
  afterAll(async () => {
    await sql.unsafe(`DROP ROLE IF EXISTS ${role}`);
    await sql.close();
  });
  const asRole = (url: string) => {
    const changed = new URL(url);
    return Object.assign(changed, { username: role, password: "do-not-show" }).href;
  };

  test("that may not log in, and that may not create tables", async () => {
    await sql.unsafe(`CREATE ROLE ${role} NOLOGIN PASSWORD 'do-not-show'`);
    expect(await refusal({ DATABASE_URL: asRole(databaseUrl) })).toContain(`does not let user "${role}" connect`);
    await sql.unsafe(`ALTER ROLE ${role} LOGIN`);
    expect(await refusal({ DATABASE_URL: asRole(databaseUrl) })).toContain(`gives user "${role}" no right`);
  });
});

describe("KEYCLOAK_URL", () => {
  const { hostname } = new URL("http://127.0.0.1");
  let other: Bun.Server<unknown>;
  beforeAll(() => {
    other = Bun.serve({ hostname, port: 0, fetch: () => new Response("<h1>It works!</h1>") });
  });
  afterAll(() => other.stop(true));
  const cases: [string, () => string, string][] = [
    ["a path where Keycloak has none", () => `${stack.keycloakUrl}/auth`, "has a path that is not Keycloak's"],
    ["a realm's address", () => `${stack.keycloakUrl}/realms/master`, "has a path that is not Keycloak's"],
    ["TLS on a plain port", () => stack.keycloakUrl.replace("http:", "https:"), "does not speak TLS on this port"],
    ["another web server", () => other.url.origin, "is not Keycloak (HTTP 200)"],
    ["no scheme", () => new URL(stack.keycloakUrl).host, "lacks http:// or https://"],
    ["PostgreSQL's port", () => `http://${new URL(databaseUrl).host}`, "is not a web server"],
    ["a host that refuses", () => "http://127.0.0.1:1", "Nothing listens at 127.0.0.1:1"],
    ["a host that is unknown", () => "http://nosuch.invalid", 'The host "nosuch.invalid"'],
  ];
  test.each(cases)("%s", async (_, url, sentence) => {
    expect(await refusal({ KEYCLOAK_URL: url() })).toContain(sentence);
  });

  test("both servers wrong: both are said", async () => {
    const output = await refusal({
      KEYCLOAK_URL: "http://127.0.0.1:1",
      DATABASE_URL: changedUrl((url) => Object.assign(url, { port: "2" })),
    });
    expect(output).toContain("Nothing listens at 127.0.0.1:1:");
    expect(output).toContain("Nothing listens at 127.0.0.1:2:");
  });
});

describe("the administrator", () => {
  test("a wrong password, of start and of stack", async () => {
    for (const command of ["start", "stack"] as const) {
      const output = await refusal({ KEYCLOAK_ADMIN_PASSWORD: "do-not-show" }, command);
      expect(output).toContain("Keycloak refuses KEYCLOAK_ADMIN_USERNAME with KEYCLOAK_ADMIN_PASSWORD");
    }
  });

  test("without rights, disabled, with something to do first", async () => {
    const admin = await realmAdmin({ ...stack, realm: "master" });
    const username = `test-${randomBytes(6).toString("hex")}`;
    const password = randomBytes(12).toString("hex");
    const names = { firstName: "A", lastName: "B", email: `${username}@example.com` };
    const credentials = [{ type: "password", value: password }];
    const { id } = await admin.users.create({ username, enabled: true, ...names, credentials });
    try {
      const as = { KEYCLOAK_ADMIN_USERNAME: username, KEYCLOAK_ADMIN_PASSWORD: password };
      expect(await refusal(as)).toContain(`may not manage realm "${stack.realm}"`);
      expect(await refusal({ ...as, KEYCLOAK_REALM: `${stack.realm}-new` })).toContain("may not manage realm");
      await admin.users.update({ id }, { ...names, requiredActions: ["UPDATE_PASSWORD"] });
      expect(await refusal(as)).toContain("must do something at a login first");
      await admin.users.update({ id }, { ...names, enabled: false, requiredActions: [] });
      expect(await refusal(as)).toContain("is disabled");
    } finally {
      await admin.users.del({ id });
    }
  });

  test("a name that no realm can have", async () => {
    expect(await refusal({ KEYCLOAK_REALM: `${stack.realm}:x` })).toContain("as the name of a realm");
  });
});
