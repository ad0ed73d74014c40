// The packages are used as another repository uses them: packed, installed from their tarballs, under another scope.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import rootPackage from "../package.json";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { findNode, InstalledProject, packPackages } from "./support/installed-project.ts";
import { newPerson } from "./support/person.ts";

const SCOPE = "@acme";
const GUARD = ["problems", "observability", "postgres", "auth-guard"] as const;

let stack: TestStack;
let work: string;
let tarballs: Record<string, string>;
let guarded: InstalledProject;
let whole: InstalledProject;
let node: string;
let env: Record<string, string>;

const version = (name: keyof typeof rootPackage.devDependencies) => `${name}@${rootPackage.devDependencies[name]}`;
const namesIn = ({ folder }: InstalledProject) =>
  ["*/package.json", "@*/*/package.json"].flatMap((pattern) =>
    [...new Bun.Glob(pattern).scanSync({ cwd: join(folder, "node_modules") })].map((path) => dirname(path)),
  );

beforeAll(async () => {
  stack = await useStack();
  work = await mkdtemp(join(tmpdir(), "packed-"));
  tarballs = await packPackages(SCOPE, join(work, "tarballs"));
  guarded = await InstalledProject.create(SCOPE);
  await guarded.add(...GUARD.map((name) => tarballs[name] as string));
  whole = await InstalledProject.create(SCOPE);
  const tools = [version("elysia"), version("prom-client"), version("typescript"), version("@types/bun")];
  await whole.add(...Object.values(tarballs), ...tools, "hono@4.13.19", "@hono/node-server@2.1.9");
  await whole.copy("docs/examples/own-flows.ts", "docs/examples/sibling-service.ts");
  await whole.copy("test/guide/auth-app.ts", "test/packages/flows-service.ts", "test/packages/guard-problems.ts");
  await whole.copyExamples(join(import.meta.dir, "../docs/packages.md"), "examples");
  node = await findNode(join(work, "node"));
  const { url } = await stack.createDatabase();
  const sql = new Bun.SQL(url);
  await sql.unsafe("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  await sql.end();
  env = {
    DATABASE_URL: url,
    TOKEN_ENCRYPTION_KEYS: stack.tokenEncryptionKeys,
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_CLIENT_ID: stack.clientId,
    KEYCLOAK_CLIENT_SECRET: stack.clientSecret,
  };
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await guarded?.remove();
  await whole?.remove();
  if (work) await rm(work, { recursive: true });
});

test("a guard brings neither Prisma nor the gateway's engine", async () => {
  const names = namesIn(guarded);
  expect(names).toContain(`${SCOPE}/auth-guard`);
  expect(names.filter((name) => /prisma|pg-boss|keycloak|cockatiel|typescript/.test(name))).toEqual([]);
  expect(names.length).toBeLessThan(80);
});

test("every sub-path loads on Bun, and those of the guard on Node", async () => {
  const exported = async (project: InstalledProject, name: string) => {
    const file = Bun.file(join(project.folder, "node_modules", SCOPE, name, "package.json"));
    const paths = Object.keys((await file.json()).exports).filter((path) => path !== "./package.json");
    return paths.map((path) => `${SCOPE}/${name}${path.slice(1)}`);
  };
  const load = (paths: string[]) => `for (const path of ${JSON.stringify(paths)}) await import(path);`;
  const onNode = (await Promise.all(GUARD.map((name) => exported(guarded, name)))).flat();
  expect(onNode).toContain(`${SCOPE}/postgres/schema-check`);
  await guarded.write("load.mjs", load(onNode));
  await guarded.run([node, "load.mjs"]);
  const all = (await Promise.all(Object.keys(tarballs).map((name) => exported(whole, name)))).flat();
  // What only tests run needs `bun test`.
  await whole.write("load.ts", load(all.filter((path) => !path.endsWith("/testing"))));
  await whole.run([process.execPath, "load.ts"]);
  const inTests = all.filter((path) => path.endsWith("/testing"));
  await whole.write(
    "load.test.ts",
    `import { test } from "bun:test"; test("loads", async () => { ${load(inTests)} });`,
  );
  await whole.run([process.execPath, "test", "./load.test.ts"]);
});

test("the test kit of the package's README runs on Bun and on Node", async () => {
  const readme = join(guarded.folder, "node_modules", SCOPE, "auth-guard", "README.md");
  const examples = await guarded.copyExamples(readme, "readme");
  const texts = await Promise.all(examples.map((path) => Bun.file(join(guarded.folder, path)).text()));
  const kit = texts.findIndex((text) => text.includes("createTestAuth"));
  await guarded.write(
    "kit.ts",
    `import { answer, service } from "./readme/example-${kit}.ts";
    const refused = await service.handle(new Request("http://localhost/me"));
    console.log(answer.status, refused.status, refused.headers.get("content-type"), (await refused.json()).code);`,
  );
  for (const runtime of [process.execPath, node])
    expect(await guarded.run([runtime, "kit.ts"])).toBe("200 401 application/problem+json token.missing\n");
});

test("README's, the guide's and the packages' own examples compile", async () => {
  for (const name of Object.keys(tarballs))
    await whole.copyExamples(join(whole.folder, "node_modules", SCOPE, name, "README.md"), `readme/${name}`);
  const compilerOptions = {
    target: "ESNext",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ["bun"],
    allowImportingTsExtensions: true,
  };
  await whole.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  const tsc = Bun.spawn([process.execPath, "x", "--no-install", "tsc"], { cwd: whole.folder, stdout: "pipe" });
  const faults = (await tsc.stdout.text()).split("\n").filter((line) => /^\S.*\(\d+,\d+\): error/.test(line));
  // Their own declarations are wrong in TypeScript 7, whoever uses them.
  const others = /^node_modules\/(elysia|pg-boss)\//;
  expect(faults.filter((line) => !others.test(line))).toEqual([]);
});

test("migrations, flows and guards work on a real Keycloak and PostgreSQL, the guards on Bun and on Node", async () => {
  const [migration] = await whole
    .copyExamples(join(import.meta.dir, "../docs/packages.md"), "examples")
    .then((paths) => paths.slice(-1));
  expect(await whole.run([process.execPath, migration as string], { ...process.env, ...env })).toMatch(
    /^[1-9]\d* migrations applied, 0 before\n$/,
  );
  const flows = await whole.serve([process.execPath, "test/packages/flows-service.ts"], env);
  const client = new AuthClient(flows);
  const person = newPerson();
  expect((await client.post("/invitations", person)).status).toBe(201);
  const { body: login } = await client.login(person);
  const { access_token: token, refresh_token: refreshToken } = login.tokens;

  const onBun = await whole.serve([process.execPath, "docs/examples/sibling-service.ts"], env);
  const onNode = await whole.serve([node, "examples/example-0.ts"], env);
  for (const service of [onBun, onNode]) {
    const call = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${service}${path}`, { headers });
      const { requestId, ...body } = (await answer.json()) as Record<string, unknown>;
      const { headers: sent } = answer;
      return { status: answer.status, body, type: sent.get("content-type"), challenge: sent.get("www-authenticate") };
    };
    const bearer = { authorization: `Bearer ${token}` };
    expect(await call("/me")).toMatchObject({
      status: 401,
      type: "application/problem+json",
      challenge: "Bearer",
      body: { code: "token.missing", type: "urn:problem-type:token.missing" },
    });
    expect((await call("/me", { authorization: `Bearer ${token}x` })).body).toMatchObject({ code: "token.invalid" });
    expect(await call("/me", bearer)).toMatchObject({ status: 200, body: { name: person.username } });
    expect(await call("/stores/s1/orders", bearer)).toMatchObject({
      status: 403,
      body: { code: "permission.missing" },
    });
    expect(await call("/prices")).toMatchObject({ status: 200, body: { tea: 450 } });
  }
  expect((await client.logout({ sessionId: login.sessionId, refreshToken })).status).toBe(200);
  // The logout reaches both by PostgreSQL's LISTEN.
  for (const service of [onBun, onNode])
    await eventually(async () => {
      const answer = await fetch(`${service}/me`, { headers: { authorization: `Bearer ${token}` } });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "session.ended"]);
    }, 1000);
});

test("a guard finds the same faults of its configuration on Node as on Bun, and lets the process end", async () => {
  const tls = stack.keycloakUrl.replace("http:", "https:");
  const faults: Record<string, string>[] = [
    {},
    { KEYCLOAK_URL: "http://127.0.0.1:1" },
    { KEYCLOAK_URL: tls },
    { KEYCLOAK_URL: "http://keycloak.invalid" },
    { KEYCLOAK_REALM: "no-such-realm" },
    { KEYCLOAK_ISSUER: "https://other.example.com/realms/other" },
    { DATABASE_URL: "postgresql://app:secret@127.0.0.1:1/app" },
    { DATABASE_URL: `${env.DATABASE_URL}?schema=elsewhere` },
  ];
  for (const fault of faults) {
    const findings = await Promise.all(
      [process.execPath, node].map(async (runtime) => {
        const output = await whole.run([runtime, "test/packages/guard-problems.ts"], {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          ...env,
          ...fault,
        });
        return JSON.parse(output) as { passed: boolean; problems: { kind: string; todo: string }[] };
      }),
    );
    const [onBun, onNode] = findings.map(({ passed, problems }) => ({ fault, passed, problems }));
    expect(onNode).toEqual(onBun);
    const isRight = Object.keys(fault).length === 0;
    expect([onBun?.passed, onBun?.problems.length === 0]).toEqual([isRight, isRight]);
  }
});
