// A process that reads users of Keycloak and throws them away, or takes the guide's own loop; see bulk.ts.
// `bun bench/bulk-reader.ts scan|pages|guide`, with authctl's variables; a filter, and the guide's ids, on standard input.
import { createDatabase } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { createMetricsRegistry } from "@libs/observability";
import { scanKeycloakUsers } from "../libs/keycloak-authV2/src/services/bulk/scan-keycloak-users.ts";
import { readPages } from "./read-pages.ts";

export interface ReaderInput {
  /** Created time, in milliseconds since the epoch. */
  from?: number;
  to?: number;
  /** With `guide`. */
  ids?: string[];
}

export interface ReaderResult {
  users: number;
  ms: number;
}

const [side] = process.argv.slice(2);
const input = (await Bun.stdin.json()) as ReaderInput;
const { KEYCLOAK_URL: url = "", KEYCLOAK_REALM: realm = "", DATABASE_URL: databaseUrl = "" } = process.env;
const { KEYCLOAK_CLIENT_ID: clientId = "", KEYCLOAK_CLIENT_SECRET: clientSecret = "" } = process.env;
const database = createDatabase(databaseUrl);
const registry = createMetricsRegistry();
const keycloakOptions = { url, realm, clientId, clientSecret, timeoutMs: 30_000 };
const { userRepository } = KeycloakIntegrationService.create(keycloakOptions, database, registry);

const work: Record<string, () => Promise<number>> = { scan, pages, guide };
const started = performance.now();
const users = (await work[side ?? ""]?.()) ?? 0;
const result: ReaderResult = { users, ms: performance.now() - started };
console.log(JSON.stringify(result));
await database.$disconnect();

/** The same scan in the same pages, without a database. */
async function scan(): Promise<number> {
  let ticket = 0n;
  const tickets = { next: async () => ++ticket };
  const filter = {
    ...(input.from !== undefined && { createdAfter: new Date(input.from) }),
    ...(input.to !== undefined && { createdBefore: new Date(input.to) }),
  };
  let read = 0;
  for await (const page of scanKeycloakUsers({ keycloak: userRepository, tickets }, { filter, now: () => new Date() }))
    read += page.users.length;
  return read;
}

/** Nothing of the product's: plain pages by offset. */
async function pages(): Promise<number> {
  return await readPages({ url, realm, clientId, clientSecret, pageSize: 500, concurrency: 2 });
}

/** One look-up and one write a user, one after the other. */
async function guide(): Promise<number> {
  for (const id of input.ids ?? []) {
    const user = await userRepository.getUser(id);
    if (!user) continue;
    const { username, email, firstName, lastName, emailVerified, enabled } = user;
    const fields = { username, email, firstName, lastName, emailVerified, enabled, syncedAt: new Date() };
    await database.user.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
  return input.ids?.length ?? 0;
}
