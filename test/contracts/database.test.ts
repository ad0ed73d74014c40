// The repositories on a real PostgreSQL pass the suites that the in-memory ones pass.
import { afterAll, beforeAll } from "bun:test";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import {
  activityRepositoryContract,
  businessRepositoryContract,
  type ContractSubject,
  cartRepositoryContract,
  domainEventRepositoryContract,
  feedEventsContract,
  feedRepositoryContract,
  idempotencyRepositoryContract,
  keycloakLogoutRepositoryContract,
  leaseRepositoryContract,
  orderRepositoryContract,
  reconcileRepositoryContract,
  registrationRepositoryContract,
  retentionRepositoryContract,
  roleRepositoryContract,
  scanRepositoryContract,
  sessionAddressRepositoryContract,
  sessionRepositoryContract,
  storedTokenRepositoryContract,
  syncRunRepositoryContract,
  userRepositoryContract,
} from "@libs/database/testing";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";

/** What a database or an account may be set to: none of it may change an answer. */
const UNUSUAL_SETTINGS = {
  // An adapter that trusts the server's time zone shifts every time, one that trusts its order of day and month swaps them.
  ...{ TimeZone: "America/New_York", DateStyle: "SQL, DMY", IntervalStyle: "sql_standard" },
  ...{ default_transaction_isolation: "serializable", default_transaction_deferrable: "on" },
  ...{ bytea_output: "escape", extra_float_digits: "-15", xmlbinary: "hex", xmloption: "document" },
  ...{ array_nulls: "off", transform_null_equals: "on", standard_conforming_strings: "off" },
  ...{ row_security: "off", jit: "on", jit_above_cost: "0", plan_cache_mode: "force_generic_plan" },
};

let prisma: PrismaClient;

beforeAll(async () => {
  const stack = await useStack();
  const { url } = await stack.createDatabase();
  prisma = createDatabase(url);
  const name = new URL(url).pathname.slice(1);
  for (const [setting, value] of Object.entries(UNUSUAL_SETTINGS))
    await prisma.$executeRawUnsafe(`ALTER DATABASE "${name}" SET ${setting} = '${value}'`);
  await prisma.$disconnect();
  prisma = createDatabase(url, { queryTimeoutMs: 10_000 });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
});

const makeSubject = (): ContractSubject => ({
  ...createRepositories(prisma),
  addStore: async (id) => {
    await prisma.store.create({ data: { id, name: id } });
  },
  addOrganization: async (id) => {
    await prisma.organization.create({ data: { id, name: id } });
  },
  addRateLimit: async (key, expire) => {
    await prisma.rateLimit.create({ data: { key, points: 1, expire: expire && BigInt(expire.getTime()) } });
  },
  addLoginLock: async (key, until) => {
    await prisma.loginLock.create({ data: { key, until, holder: "test" } });
  },
  limitKeys: async () => {
    const select = { key: true };
    const rows = await Promise.all([prisma.rateLimit.findMany({ select }), prisma.loginLock.findMany({ select })]);
    return rows.flat().map(({ key }) => key);
  },
});

// First: logins leave notices, and these count all that there are.
feedRepositoryContract("PostgreSQL", makeSubject);
feedEventsContract("PostgreSQL", makeSubject);
userRepositoryContract("PostgreSQL", makeSubject);
sessionRepositoryContract("PostgreSQL", makeSubject);
sessionAddressRepositoryContract("PostgreSQL", makeSubject);
storedTokenRepositoryContract("PostgreSQL", makeSubject);
keycloakLogoutRepositoryContract("PostgreSQL", makeSubject);
registrationRepositoryContract("PostgreSQL", makeSubject);
idempotencyRepositoryContract("PostgreSQL", makeSubject);
retentionRepositoryContract("PostgreSQL", makeSubject);
leaseRepositoryContract("PostgreSQL", makeSubject);
syncRunRepositoryContract("PostgreSQL", makeSubject);
scanRepositoryContract("PostgreSQL", makeSubject);
reconcileRepositoryContract("PostgreSQL", makeSubject);
domainEventRepositoryContract("PostgreSQL", makeSubject);
roleRepositoryContract("PostgreSQL", makeSubject);
activityRepositoryContract("PostgreSQL", makeSubject);
businessRepositoryContract("PostgreSQL", makeSubject);
cartRepositoryContract("PostgreSQL", makeSubject);
orderRepositoryContract("PostgreSQL", makeSubject);
