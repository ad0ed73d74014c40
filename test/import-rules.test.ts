import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// The import rules are only worth something while they refuse what they forbid. A small copy of the repository has the
// packages' entries, empty, and one file for each forbidden or allowed import.

const root = join(import.meta.dir, "..");

/** Rule → files, each with what it imports. */
const refused: Record<string, Record<string, string>> = {
  "no-unresolved": { "libs/http/src/nowhere.ts": "no-such-package" },
  "generated-client": {
    "libs/database/src/generated-elsewhere.ts": "./generated/client.ts",
    "test/generated.test.ts": "../libs/database/src/generated/client.ts",
  },
  prisma: {
    "apps/api-gateway/src/routes/prisma.ts": "@prisma/client",
    "libs/postgres/src/prisma.ts": "@prisma/adapter-pg",
    "libs/keycloak-authV2/src/keycloak/prisma.ts": "@prisma/client",
    "libs/keycloak-authV2/src/services/sync/prisma.ts": "@prisma/client/runtime/client",
  },
  "keycloak-libraries": {
    "apps/api-gateway/src/http/admin-client.ts": "@keycloak/keycloak-admin-client",
    "libs/auth-guard/src/keycloak/admin-client.ts": "@keycloak/keycloak-admin-client",
    "libs/keycloak-realm/src/realm/admin-client.ts": "@keycloak/keycloak-admin-client",
  },
  jose: {
    "apps/api-gateway/src/jose.ts": "jose",
    "libs/auth-guard/src/guard/jose.ts": "jose",
    "libs/keycloak-authV2/src/crypto/jose.ts": "jose",
    "libs/keycloak-authV2/src/crypto/jose-part.ts": "jose/jwt/verify",
  },
  "test-support": {
    "libs/http/src/fakes.ts": "@libs/problems/testing",
    "apps/api-gateway/src/fakes.ts": "@libs/keycloak-authV2/testing",
    "libs/keycloak-authV2/src/crypto/fakes.ts": "../testing/index.ts",
    "libs/database/src/prisma/fakes.ts": "../testing/index.ts",
  },
  "dev-stack": {
    "apps/api-gateway/src/stack.ts": "@libs/dev-stack",
    "libs/database/src/testing/stack.ts": "@libs/dev-stack",
  },
  "libs-without-apps": {
    "libs/http/src/app.ts": "@apps/orders",
    "libs/keycloak-authV2/src/app.ts": "@apps/api-gateway",
    "libs/keycloak-authV2/src/app.test.ts": "@apps/api-gateway",
  },
  "apps-alone": { "apps/authctl/src/orders.ts": "@apps/orders" },
  "routes-without-keycloak": {
    "apps/api-gateway/src/routes/adapter.ts": "@libs/keycloak-authV2/keycloak",
    "apps/api-gateway/src/routes/relative-adapter.ts": "../../keycloak/admin-api.ts",
  },
  "realm-for-operators": {
    "apps/api-gateway/src/routes/realm.ts": "@libs/keycloak-realm",
    "apps/api-gateway/src/far-realm.ts": "./routes/realm.ts",
    "apps/orders/src/doctor.ts": "@libs/keycloak-realm/doctor",
    "libs/http/src/doctor.ts": "@libs/keycloak-realm/doctor",
    "libs/keycloak-authV2/src/startup-check/doctor.ts": "@libs/keycloak-realm/doctor",
  },
  "flows-without-keycloak": {
    "libs/keycloak-authV2/src/events/adapter.ts": "../keycloak/index.ts",
    "libs/keycloak-authV2/src/events/shared-adapter.ts": "@libs/auth-guard/keycloak",
    "libs/keycloak-authV2/src/services/sync/adapter.ts": "../../keycloak/index.ts",
  },
  "flows-without-http": {
    "apps/orders/src/services/elysia.ts": "elysia",
    "libs/keycloak-authV2/src/services/sync/cors.ts": "@elysia/cors",
    "libs/keycloak-authV2/src/services/sync/elysia.ts": "elysia",
    "libs/keycloak-authV2/src/services/sync/user-sync-service.ts": "elysia",
  },
  "guard-without-engine": {
    "libs/auth-guard/src/guard/database.ts": "@libs/database",
    "libs/auth-guard/src/guard/engine.ts": "@libs/keycloak-authV2",
    "libs/auth-guard/src/keycloak/engine.ts": "@libs/keycloak-authV2",
    "libs/http/src/engine.ts": "@libs/keycloak-authV2/errors",
    "libs/problems/src/queue.ts": "pg-boss",
    "libs/problems/src/far-queue.ts": "./queue.ts",
  },
};

const allowed: Record<string, string> = {
  "libs/keycloak-authV2/src/keycloak/map-error.ts": "@keycloak/keycloak-admin-client",
  "libs/keycloak-authV2/src/keycloak/token-verifier.ts": "jose",
  "libs/auth-guard/src/keycloak/token-verifier.ts": "jose",
  "libs/keycloak-realm/src/realm/apply-realm.ts": "@libs/keycloak-authV2/keycloak/admin",
  "apps/authctl/src/commands/realm/realm-apply.ts": "@libs/keycloak-realm",
  "libs/keycloak-authV2/src/services/integration/keycloak-integration-service.ts": "../../keycloak/index.ts",
  "libs/keycloak-authV2/src/services/sync/bulk.ts": "@libs/database",
  "libs/keycloak-authV2/src/services/sync/register-user.test.ts": "../../testing/index.ts",
  "libs/database/src/prisma/client.ts": "../generated/client.ts",
  "libs/database/src/cli/generate.ts": "@prisma/client",
  "apps/orders/src/orders.test.ts": "./routes/orders.ts",
};

const circleOfFiles: Record<string, string> = {
  "libs/http/src/circle/one.ts": "./two.ts",
  "libs/http/src/circle/two.ts": "./three.ts",
  "libs/http/src/circle/three.ts": "./one.ts",
};

/** No circle of files, but one of folders: by a type, and by way of another package. */
const circleOfFolders: Record<string, string> = {
  "libs/postgres/src/one/a.ts": "../two/b.ts",
  "libs/postgres/src/two/b.ts": "@libs/problems/findings",
  "libs/problems/src/findings/index.ts": "../../../postgres/src/one/c.ts",
};

let folder: string;
let found: Set<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-rules-"));
  await copyEntries();
  await plant(Object.assign({}, allowed, circleOfFiles, ...Object.values(refused)));
  found = new Set((await violations("files")).map(({ rule, from }) => `${rule.name} ${from}`));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every package with its exports as empty files; its dependencies are not installed. */
async function copyEntries(): Promise<void> {
  for await (const manifest of new Bun.Glob("{apps,libs,tools}/*/package.json").scan({ cwd: root })) {
    const { name, exports = {} } = await Bun.file(join(root, manifest)).json();
    const home = join(folder, dirname(manifest));
    await mkdir(home, { recursive: true });
    await cp(join(root, manifest), join(home, "package.json"));
    for (const entry of Object.values<string>(exports)) await Bun.write(join(home, entry), "export const thing = 1;\n");
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(home, link);
  }
}

const importing = (source: string) => `import { thing } from "${source}";\nexport const value = thing;\n`;
const importingType = (source: string) => `import type { Thing } from "${source}";\nexport type Value = Thing;\n`;
const importingLater = (source: string) => `export const later = () => import("${source}");\n`;

/** Writes the files, and what they import by path. */
async function plant(files: Record<string, string>, code = importing): Promise<void> {
  for (const [file, imported] of Object.entries(files)) {
    const path = join(folder, file);
    await Bun.write(path, code(imported));
    const target = join(dirname(path), imported);
    if (imported.startsWith(".") && !existsSync(target)) await Bun.write(target, "export const thing = 1;\n");
  }
}

interface Violation {
  from: string;
  rule: { name: string };
}

async function violations(rules: "files" | "folders"): Promise<Violation[]> {
  const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const config = join(root, `import-rules/${rules}.mjs`);
  const command = [process.execPath, cruiser, "--config", config, "--output-type", "json", "apps", "libs", "tools"];
  if (rules === "files") command.push("test");
  const run = Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "inherit" });
  const report = (await new Response(run.stdout).json()) as { summary: { violations: Violation[] } };
  return report.summary.violations;
}

for (const [rule, files] of Object.entries(refused)) {
  for (const file of Object.keys(files)) {
    test(`${rule} refuses ${file}`, () => expect([...found]).toContain(`${rule} ${file}`));
  }
}

for (const file of Object.keys(allowed)) {
  test(`lets ${file} pass`, () => {
    // The packages are not installed in the copy.
    expect([...found].filter((entry) => entry.endsWith(` ${file}`) && !entry.startsWith("no-unresolved"))).toEqual([]);
  });
}

// A circle is reported once.
test("a circle of files is refused", () =>
  expect([...found]).toContain("no-circular-files libs/http/src/circle/one.ts"));

test("imports of types and dynamic imports are refused, too", async () => {
  await plant({ "libs/http/src/type.ts": "jose" }, importingType);
  await plant({ "libs/http/src/later.ts": "jose" }, importingLater);
  const files = (await violations("files")).filter(({ rule }) => rule.name === "jose").map(({ from }) => from);
  expect(files).toContain("libs/http/src/type.ts");
  expect(files).toContain("libs/http/src/later.ts");
}, 60_000);

test("a circle of folders is refused", async () => {
  const folders = Object.keys(circleOfFolders).map(dirname);
  const inCircles = async () => (await violations("folders")).map(({ from }) => from);
  expect(await inCircles()).not.toContain(folders[0]);
  await plant(circleOfFolders, importingType);
  expect(await inCircles()).toEqual(expect.arrayContaining(folders));
}, 60_000);
