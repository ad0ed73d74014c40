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
  sessionRepositoryContract,
  storedTokenRepositoryContract,
  syncRunRepositoryContract,
  userRepositoryContract,
  walkRepositoryContract,
} from "@libs/database/testing";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";

let prisma: PrismaClient;

beforeAll(async () => {
  const stack = await useStack();
  const { url } = await stack.createDatabase();
  prisma = createDatabase(url);
  // Where the server's time zone isn't UTC, an adapter that trusts it shifts every time.
  const name = new URL(url).pathname.slice(1);
  await prisma.$executeRawUnsafe(`ALTER DATABASE "${name}" SET timezone = 'America/New_York'`);
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
  addLoginTurn: async (key, until) => {
    await prisma.loginTurn.create({ data: { key, until, holder: "test" } });
  },
  limitKeys: async () => {
    const select = { key: true };
    const rows = await Promise.all([prisma.rateLimit.findMany({ select }), prisma.loginTurn.findMany({ select })]);
    return rows.flat().map(({ key }) => key);
  },
});

// First: logins leave hints, and these count all that there are.
feedRepositoryContract("PostgreSQL", makeSubject);
feedEventsContract("PostgreSQL", makeSubject);
userRepositoryContract("PostgreSQL", makeSubject);
sessionRepositoryContract("PostgreSQL", makeSubject);
storedTokenRepositoryContract("PostgreSQL", makeSubject);
keycloakLogoutRepositoryContract("PostgreSQL", makeSubject);
registrationRepositoryContract("PostgreSQL", makeSubject);
idempotencyRepositoryContract("PostgreSQL", makeSubject);
retentionRepositoryContract("PostgreSQL", makeSubject);
leaseRepositoryContract("PostgreSQL", makeSubject);
syncRunRepositoryContract("PostgreSQL", makeSubject);
walkRepositoryContract("PostgreSQL", makeSubject);
reconcileRepositoryContract("PostgreSQL", makeSubject);
domainEventRepositoryContract("PostgreSQL", makeSubject);
roleRepositoryContract("PostgreSQL", makeSubject);
activityRepositoryContract("PostgreSQL", makeSubject);
businessRepositoryContract("PostgreSQL", makeSubject);
cartRepositoryContract("PostgreSQL", makeSubject);
orderRepositoryContract("PostgreSQL", makeSubject);
