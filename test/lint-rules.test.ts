import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The rules are only worth something while the linter refuses what they forbid. Who may import which file is checked in
// import-rules.test.ts.

const root = join(import.meta.dir, "..");

interface Fixture {
  file: string;
  code: string;
}

const creating = (name: string) => `export { ${name} } from "@libs/database";\n`;
const environment = "export const value = process.env.PORT;\n";
const exit = "export const end = () => process.exit(1);\n";

const refused: Record<string, Fixture[]> = {
  "lint/style/noRestrictedImports": [
    { file: "apps/api-gateway/src/routes/auth/database.ts", code: creating("createDatabase") },
    { file: "apps/api-gateway/src/http/database.ts", code: creating("createDatabase") },
    { file: "apps/api-gateway/src/routes/client.ts", code: creating("PrismaClient") },
    { file: "apps/orders/src/routes/client.ts", code: creating("createRepositories") },
    { file: "apps/orders/src/services/client.ts", code: creating("PrismaClient") },
    { file: "libs/keycloak-authV2/src/services/sync/database.ts", code: creating("createRepositories") },
    { file: "libs/keycloak-authV2/src/events/database.ts", code: creating("createRepositories") },
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
  { file: "libs/keycloak-authV2/src/services/sync/bulk.ts", code: creating("DatabaseError") },
  { file: "libs/keycloak-authV2/src/services/sync/create-sync-deps.ts", code: creating("createRepositories") },
  { file: "libs/keycloak-authV2/src/services/sync/create.test.ts", code: creating("createRepositories") },
  { file: "libs/database/src/prisma/client.ts", code: environment },
  { file: "libs/postgres/src/connect/database-target.ts", code: environment },
  { file: "libs/auth-guard/src/request/open-guard.ts", code: environment },
  { file: "libs/keycloak-authV2/src/services/sync/create-sync-deps.ts", code: environment },
];

const rules = Object.keys(refused);
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
    expect([...found].filter((entry) => rules.some((rule) => entry === `${rule} ${file}`))).toEqual([]);
  });
}
