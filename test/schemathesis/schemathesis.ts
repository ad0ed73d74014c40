// `bun run test:schemathesis`: requests that schemathesis generates from each service's own document, valid and invalid
// ones, with a person's token. Every answer must be one that the document describes.
import { beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDatabase, createRepositories } from "@libs/database";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { newPerson, type Person } from "../support/person.ts";
import { useShop } from "../support/shop.ts";
import { findSchemathesis } from "./find-schemathesis.ts";

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
];
const RUN_TIMEOUT_MS = 30 * 60_000;
/** Cases an operation and phase; the seed makes a failure come again. */
const EXAMPLES = process.env.SCHEMATHESIS_EXAMPLES ?? "50";
const SEED = process.env.SCHEMATHESIS_SEED ?? "1";

const shop = useShop();
let schemathesis: string;
let person: Person;

beforeAll(async () => {
  schemathesis = await findSchemathesis();
  person = newPerson();
  const { status, raw } = await shop.client.register({ ...person, storeId: "store-1" });
  if (status !== 201) throw new Error(raw);
  const database = createDatabase(shop.databaseUrl);
  try {
    const access = new AccessService(createRepositories(database));
    const by = { id: "test" };
    await shop.logIn(person);
    await access.defineRole({ name: "clerk", permissions: ["orders:read", "orders:write", "products:write"] }, by);
    const [row] = await shop.sql`SELECT id FROM users WHERE username = ${person.username}`;
    await access.grant({ role: "clerk", to: { userId: row.id }, scope: { storeId: "store-1" } }, by);
  } finally {
    await database.$disconnect();
  }
}, RUN_TIMEOUT_MS);

/** @returns by operation, how often each status came */
async function run(service: string): Promise<{ exitCode: number; output: string; seen: Seen }> {
  const folder = mkdtempSync(join(tmpdir(), "schemathesis-"));
  const seenPath = join(folder, "seen.json");
  const { PATH, HOME } = process.env;
  const child = Bun.spawn(
    [
      schemathesis,
      "run",
      `${service}/openapi/json`,
      "--checks",
      CHECKS.join(","),
      "--phases",
      "examples,coverage,fuzzing",
      "--max-examples",
      EXAMPLES,
      "--seed",
      SEED,
      "--suppress-health-check",
      "all",
      "--request-timeout",
      "30",
      "--continue-on-failure",
      "--warnings",
      "off",
    ],
    {
      // It writes where it runs.
      cwd: folder,
      env: {
        PATH,
        HOME,
        NO_COLOR: "1",
        PYTHONDONTWRITEBYTECODE: "1",
        SCHEMATHESIS_HOOKS: "hooks",
        PYTHONPATH: import.meta.dir,
        CONFORMANCE_GATEWAY: shop.gateway.url,
        CONFORMANCE_PERSON: JSON.stringify({ username: person.username, password: person.password }),
        CONFORMANCE_SEEN: seenPath,
      },
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const output = await new Response(child.stdout).text();
  const exitCode = await child.exited;
  const seenText = await Bun.file(seenPath).text();
  rmSync(folder, { recursive: true });
  return { exitCode, output, seen: JSON.parse(seenText) as Seen };
}

type Seen = Record<string, Record<string, number>>;

async function operations(service: string): Promise<string[]> {
  const { paths } = (await (await fetch(`${service}/openapi/json`)).json()) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** Keycloak alone sends its own logout tokens: this one can only be refused. */
const REFUSED = ["POST /auth/backchannel-logout"];

test.each(["gateway", "orders"] as const)(
  "every answer of %s is one that its document describes",
  async (name) => {
    const service = shop[name].url;
    const { exitCode, output, seen } = await run(service);
    console.log(output.split("\n").slice(-30).join("\n"), JSON.stringify(seen, null, 1));
    expect(exitCode, output).toBe(0);
    // A document that describes refusals alone would pass: each operation must have succeeded as well.
    const succeeded = (operation: string) => Object.keys(seen[operation] ?? {}).some((status) => status < "300");
    const never = (await operations(service)).filter((operation) => !succeeded(operation));
    expect(never.filter((operation) => !REFUSED.includes(operation))).toEqual([]);
  },
  RUN_TIMEOUT_MS,
);
