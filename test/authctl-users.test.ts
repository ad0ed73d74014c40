// The operator's commands about users, as processes, on the real Keycloak and PostgreSQL.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authctlOnTerminal, authctl as run } from "./support/authctl.ts";
import { importUsers, manyUsers } from "./support/many-users.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
const users = manyUsers(120);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "authctl-"));
  await importUsers(replicas.admin, replicas.stack.realm, users);
});
afterAll(() => folder && rm(folder, { recursive: true, force: true }));

const authctl = (...args: string[]) => run(replicas.stack, args);
const countUsers = async () => Number((await replicas.sql`SELECT count(*) AS n FROM users`)[0].n);
const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("a dry run counts and writes nothing; a sync brings everybody over; then nothing differs", async () => {
  const dry = await authctl("users", "sync", "--dry-run");
  expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/new here +│ +120 │[\s\S]*Nothing was written/) });
  expect(await countUsers()).toBe(0);

  const sync = await authctl("users", "sync", "--page-size", "50");
  expect(sync.err).toContain("users: ");
  expect(sync.out).not.toContain("\u001b");
  expect(sync).toMatchObject({ code: 0, out: expect.stringMatching(/read +│ +120 │[\s\S]*service_account +│ +1 │/) });
  expect(await countUsers()).toBe(120);

  const verify = await authctl("users", "verify");
  expect(verify).toMatchObject({ code: 0, out: expect.stringContaining("Nothing differs in 120 users") });
});

test("verify ends with 3, writes each difference to a report, and repair removes them once it may", async () => {
  const { sql } = replicas;
  const [first, second] = users;
  await sql`UPDATE users SET first_name = '=1+1' WHERE id = ${first?.id ?? ""}`;
  await sql`DELETE FROM users WHERE id = ${second?.id ?? ""}`;
  const report = join(folder, "differences.csv");
  const verify = await authctl("users", "verify", "--report", report);
  expect(verify).toMatchObject({ code: 3, out: expect.stringContaining("2 differences in 120 users") });
  const rows = (await readFile(report, "utf8")).trim().split("\n");
  expect(rows).toHaveLength(3);
  expect(rows[0]).toBe("kind,userId,username,field,keycloak,local,sessionId,keycloakSessionId,reason");
  expect(rows.join("\n")).toContain(`field,${first?.id},${first?.username},firstName,Ada,'=1+1,,,`);
  expect((await stat(report)).mode & 0o777).toBe(0o600);

  const json = await authctl("users", "verify", "--json", "--only", "missing");
  expect(json.code).toBe(3);
  expect(json.err).toBe("");
  const records = lines(json.out);
  expect(records.filter(({ type }) => type === "difference")).toMatchObject([{ kind: "missing", userId: second?.id }]);
  expect(records.at(-1)).toMatchObject({ type: "result", state: "finished", differences: { missing: 1 } });

  expect(await authctl("users", "repair")).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
  const planned = await authctl("users", "repair", "--dry-run");
  expect(planned).toMatchObject({ code: 0, out: expect.stringMatching(/planned +│ +2 │/) });
  expect((await authctl("users", "verify")).code).toBe(3);
  expect(await authctl("users", "repair", "--yes")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/repaired +│ +2 │/),
  });
  expect((await authctl("users", "verify")).code).toBe(0);
}, 120_000);

test("on a terminal there are a bar, colours and a question, unless they are not wanted", async () => {
  const { stack } = replicas;
  const refused = await authctlOnTerminal(stack, ["users", "repair"], { type: "n" });
  expect(refused).toMatchObject({ code: 0, screen: expect.stringContaining("Nothing was changed.") });
  const interrupted = await authctlOnTerminal(stack, ["users", "repair"], { type: "\u0003" });
  expect(interrupted).toMatchObject({ code: 130, screen: expect.stringContaining("nothing was changed") });
  const colored = await authctlOnTerminal(stack, ["users", "verify", "--page-size", "10", "--max-rate", "100"]);
  expect(colored.code).toBe(0);
  expect(colored.screen).toMatch(/users [█░]+ \d+% \d+\/120/);
  expect(colored.screen).toContain("\u001b[32mNothing differs");
  const plain = await authctlOnTerminal(stack, ["users", "verify"], { environment: { NO_COLOR: "1" } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  expect(plain.screen).not.toMatch(/\u001b\[\d+m/);
}, 120_000);

test("Ctrl-C stops a sync cleanly and says how it goes on; the next one does", async () => {
  const { stack, sql } = replicas;
  await sql`TRUNCATE users, sync_runs, scan_seen CASCADE`;
  const stopped = await run(
    stack,
    ["users", "sync", "--page-size", "10", "--concurrency", "1", "--max-rate", "20"],
    async (child) => {
      const some = async () => (await sql`SELECT FROM users LIMIT 1`).length > 0;
      while (child.exitCode === null && !(await some())) await Bun.sleep(20);
      child.kill("SIGINT");
    },
  );
  expect(stopped).toMatchObject({
    code: 130,
    err: expect.stringContaining("The same command continues where it stopped"),
  });
  expect(await countUsers()).toBeWithin(1, 120);
  const rest = await authctl("users", "sync");
  expect(rest).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Resumed the run that began[\s\S]*read +│ +120 │/),
  });
  expect((await authctl("users", "verify")).code).toBe(0);
}, 120_000);

test("what can't be done is one line, without a secret, and says what to do", async () => {
  const { stack } = replicas;
  const nobody = await authctl("users", "show", "nobody@example.com");
  expect(nobody).toEqual({ code: 1, out: "", err: "authctl: neither side has this id, username or email\n" });
  const away = await run({ ...stack, databaseUrl: "postgresql://u:secret-1@127.0.0.1:1/x" }, ["users", "show", "x"]);
  expect(away.code).toBe(1);
  expect(away.err).toBe(
    "authctl: Nothing listens at 127.0.0.1:1: start PostgreSQL there, or correct host and port in DATABASE_URL. " +
      "(database.unavailable: The service is not available right now.)\n",
  );
  expect(away.err).not.toContain("secret-1");
  expect(await authctl("users", "sync", "--max-rate", "fast")).toMatchObject({ code: 2 });
  expect(await authctl("users", "verify", "--only", "everything")).toMatchObject({ code: 2 });
});
