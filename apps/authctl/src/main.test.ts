import { describe, expect, test } from "bun:test";

const main = new URL("main.ts", import.meta.url).pathname;

async function authctl(args: string[], environment: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, main, ...args], { env: environment, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

describe("authctl", () => {
  test("--help lists the commands", async () => {
    const { code, out } = await authctl(["--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/realm[\s\S]*db[\s\S]*feed/);
    expect((await authctl(["realm", "apply", "--help"])).out).toContain("KEYCLOAK_ADMIN_PASSWORD");
  });

  test.each([[[]], [["nonsense"]], [["realm"]], [["realm", "aply"]], [["realm", "apply", "--force"]]])(
    "%j is wrong usage",
    async (args) => {
      const { code, err } = await authctl(args);
      expect(code).toBe(2);
      expect(err).not.toBe("");
    },
  );

  test("a mistake points to the help of the command that it was made with", async () => {
    expect((await authctl(["realm", "apply", "--force"])).err).toContain(
      "(authctl realm apply --help shows its options)",
    );
    expect((await authctl(["sessions", "list", "ada"])).err).toContain("(authctl sessions list --help shows");
    expect((await authctl(["users", "list"])).err).toContain("(authctl users --help lists the commands)");
    expect((await authctl(["usres"])).err).toMatch(/Did you mean users[\s\S]*\(authctl --help lists the commands\)/);
    // Four processes, on a machine that may be busy.
  }, 20_000);

  test("names every variable that is missing or wrong at once, and shows no value", async () => {
    const { code, err } = await authctl(["realm", "apply"], {
      KEYCLOAK_URL: "not-a-url",
      KEYCLOAK_SSL_REQUIRED: "sometimes",
      KEYCLOAK_CLIENT_SECRET: "client-secret-1",
    });
    expect(code).toBe(2);
    for (const name of ["KEYCLOAK_REALM", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_ADMIN_USERNAME", "KEYCLOAK_ADMIN_PASSWORD"]) {
      expect(err).toContain(`${name} is not set`);
    }
    expect(err).toContain("KEYCLOAK_URL is not valid: where Keycloak is reached");
    expect(err).toContain("KEYCLOAK_SSL_REQUIRED is not valid: none, external (default) or all");
    for (const value of ["not-a-url", "sometimes", "client-secret-1"]) expect(err).not.toContain(value);
  });

  test("db migrate needs a PostgreSQL URL", async () => {
    expect((await authctl(["db", "migrate"])).err).toContain("DATABASE_URL is not set");
    expect(await authctl(["db", "migrate"], { DATABASE_URL: "mysql://u:pass-1@h/d" })).toMatchObject({
      code: 2,
      err: expect.not.stringContaining("pass-1"),
    });
  });

  test("feed needs a PostgreSQL URL, and ids are numbers", async () => {
    expect((await authctl(["feed", "status"])).err).toContain("DATABASE_URL is not set");
    expect(await authctl(["feed", "replay", "12", "x1"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("number"),
    });
  });

  test("work that fails says why, and ends with 1", async () => {
    const server = Bun.serve({ port: 0, fetch: () => Response.json({ error: "invalid_grant" }, { status: 401 }) });
    const { code, err } = await authctl(["realm", "apply"], {
      KEYCLOAK_URL: server.url.href,
      KEYCLOAK_REALM: "r",
      KEYCLOAK_CLIENT_ID: "gw",
      KEYCLOAK_CLIENT_SECRET: "cs-1",
      KEYCLOAK_ADMIN_USERNAME: "admin",
      KEYCLOAK_ADMIN_PASSWORD: "admin-pass-1",
    });
    await server.stop(true);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^authctl: Keycloak refuses KEYCLOAK_ADMIN_USERNAME with KEYCLOAK_ADMIN_PASSWORD: correct them\. .* \(keycloak\.misconfigured: admin_token: HTTP 401 invalid_grant\)\n$/,
      ),
    });
  });
});
