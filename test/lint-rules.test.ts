import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The import rules are only worth something while the linter refuses to let them be broken.

const root = join(import.meta.dir, "..");

interface Fixture {
  file: string;
  code: string;
}

const from = (source: string) => `import { thing } from "${source}";\nexport const value = thing;\n`;
const adminClient = from("@keycloak/keycloak-admin-client");
const generated = from("../generated/client.ts");
const environment = "export const value = process.env.PORT;\n";
const exit = "export const end = () => process.exit(1);\n";

const refused: Record<string, Fixture[]> = {
  "lint/style/noRestrictedImports": [
    { file: "apps/api-gateway/src/routes/prisma.ts", code: from("@prisma/client") },
    {
      file: "apps/api-gateway/src/routes/auth/database.ts",
      code: 'export { createDatabase } from "@libs/database";\n',
    },
    { file: "apps/api-gateway/src/routes/client.ts", code: 'export { PrismaClient } from "@libs/database";\n' },
    { file: "apps/api-gateway/src/routes/adapter.ts", code: from("@libs/keycloak-authV2/keycloak") },
    { file: "apps/api-gateway/src/routes/relative-adapter.ts", code: from("../../keycloak/admin-api.ts") },
    { file: "apps/api-gateway/src/http/admin-client.ts", code: adminClient },
    { file: "apps/orders/src/routes/client.ts", code: 'export { createRepositories } from "@libs/database";\n' },
    { file: "apps/orders/src/services/elysia.ts", code: from("elysia") },
    { file: "apps/orders/src/services/client.ts", code: 'export { PrismaClient } from "@libs/database";\n' },
    { file: "libs/http/src/app.ts", code: from("@apps/orders") },
    { file: "libs/http/src/engine.ts", code: from("@libs/keycloak-authV2/errors") },
    { file: "libs/auth-guard/src/guard/database.ts", code: from("@libs/database") },
    { file: "libs/auth-guard/src/guard/engine.ts", code: from("@libs/keycloak-authV2") },
    { file: "libs/auth-guard/src/guard/jose.ts", code: from("jose") },
    { file: "libs/auth-guard/src/keycloak/admin-client.ts", code: adminClient },
    { file: "libs/postgres/src/prisma.ts", code: from("@prisma/adapter-pg") },
    { file: "libs/problems/src/queue.ts", code: from("pg-boss") },
    { file: "libs/keycloak-authV2/src/events/shared-adapter.ts", code: from("@libs/auth-guard/keycloak") },
    { file: "libs/http/src/fakes.ts", code: from("@libs/keycloak-authV2/testing") },
    { file: "apps/api-gateway/src/fakes.ts", code: from("@libs/keycloak-authV2/testing") },
    { file: "apps/api-gateway/src/stack.ts", code: from("@libs/dev-stack") },
    { file: "apps/api-gateway/src/jose.ts", code: from("jose") },
    { file: "libs/keycloak-authV2/src/services/sync/adapter.ts", code: from("../../keycloak/index.ts") },
    { file: "libs/keycloak-authV2/src/services/sync/prisma.ts", code: from("@prisma/client/runtime/client") },
    {
      file: "libs/keycloak-authV2/src/services/sync/database.ts",
      code: 'export { createRepositories } from "@libs/database";\n',
    },
    { file: "libs/keycloak-authV2/src/services/sync/elysia.ts", code: from("elysia") },
    { file: "libs/keycloak-authV2/src/services/sync/cors.ts", code: from("@elysia/cors") },
    { file: "libs/keycloak-authV2/src/services/sync/lazy.ts", code: 'export const lazy = () => import("jose");\n' },
    { file: "libs/keycloak-authV2/src/services/sync/user-sync-service.ts", code: from("elysia") },
    { file: "libs/keycloak-authV2/src/events/adapter.ts", code: from("../keycloak/index.ts") },
    { file: "libs/keycloak-authV2/src/realm/admin-client.ts", code: adminClient },
    { file: "libs/keycloak-authV2/src/crypto/jose.ts", code: from("jose") },
    { file: "libs/keycloak-authV2/src/crypto/fakes.ts", code: from("../testing/index.ts") },
    { file: "libs/keycloak-authV2/src/keycloak/prisma.ts", code: from("@prisma/client") },
    { file: "libs/keycloak-authV2/src/app.ts", code: from("@apps/api-gateway") },
    { file: "libs/database/src/generated-elsewhere.ts", code: from("./generated/client.ts") },
    { file: "libs/database/src/prisma/fakes.ts", code: from("../testing/index.ts") },
    { file: "libs/database/src/testing/stack.ts", code: from("@libs/dev-stack") },
    { file: "test/generated.test.ts", code: from("../libs/database/src/generated/client.ts") },
  ],
  "lint/style/noProcessEnv": [
    { file: "apps/api-gateway/src/routes/environment.ts", code: environment },
    { file: "apps/api-gateway/src/compose.ts", code: environment },
    { file: "libs/keycloak-authV2/src/services/sync/environment.ts", code: environment },
    { file: "libs/keycloak-authV2/src/services/people/person-service.ts", code: environment },
    { file: "libs/database/src/prisma/environment.ts", code: environment },
    { file: "libs/postgres/src/connect/environment.ts", code: environment },
  ],
  "lint/nursery/noProcessExit": [
    { file: "apps/api-gateway/src/exit.ts", code: exit },
    { file: "libs/keycloak-authV2/src/keycloak/exit.ts", code: exit },
  ],
};

const allowed: Fixture[] = [
  { file: "apps/api-gateway/src/main.ts", code: environment + exit },
  { file: "apps/api-gateway/src/routes/types.ts", code: 'export type { User } from "@libs/database";\n' },
  { file: "libs/keycloak-authV2/src/keycloak/map-error.ts", code: adminClient },
  { file: "libs/keycloak-authV2/src/keycloak/token-verifier.ts", code: from("jose") },
  { file: "libs/auth-guard/src/keycloak/token-verifier.ts", code: from("jose") },
  { file: "libs/keycloak-authV2/src/realm/apply-realm.ts", code: from("../keycloak/index.ts") },
  {
    file: "libs/keycloak-authV2/src/services/integration/keycloak-integration-service.ts",
    code: from("../../keycloak/index.ts"),
  },
  { file: "libs/keycloak-authV2/src/services/sync/bulk.ts", code: 'export { DatabaseError } from "@libs/database";\n' },
  { file: "libs/database/src/prisma/client.ts", code: generated + environment.replace("value", "port") },
  { file: "libs/postgres/src/connect/database-target.ts", code: environment },
  { file: "libs/auth-guard/src/elysia/open-guard.ts", code: environment },
  { file: "libs/keycloak-authV2/src/services/sync/create-sync-deps.ts", code: environment },
  { file: "libs/database/src/prisma/user-repository.ts", code: generated },
  { file: "libs/keycloak-authV2/src/services/sync/register-user.test.ts", code: from("../../testing/index.ts") },
];

const importRules = Object.keys(refused);
let folder: string;
let found: Set<string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lint-rules-"));
  const config = await Bun.file(join(root, "biome.json")).json();
  await Bun.write(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: { enabled: false } }));
  for (const { file, code } of [...Object.values(refused).flat(), ...allowed]) {
    await mkdir(join(folder, file, ".."), { recursive: true });
    await Bun.write(join(folder, file), code);
  }
  found = await lint(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** @returns `rule file` of every diagnostic */
async function lint(cwd: string): Promise<Set<string>> {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const run = Bun.spawn([process.execPath, biome, "lint", "--max-diagnostics=none", "--reporter=json", "."], {
    cwd,
    stdout: "pipe",
    stderr: "ignore",
  });
  const report = (await new Response(run.stdout).json()) as {
    diagnostics: { category: string; location: { path: string } }[];
  };
  return new Set(report.diagnostics.map(({ category, location }) => `${category} ${location.path}`));
}

for (const [rule, fixtures] of Object.entries(refused)) {
  for (const { file } of fixtures)
    test(`${rule} refuses ${file}`, () => expect([...found]).toContain(`${rule} ${file}`));
}

for (const { file } of allowed) {
  test(`lets ${file} pass`, () => {
    expect([...found].filter((entry) => importRules.some((rule) => entry === `${rule} ${file}`))).toEqual([]);
  });
}
