import { createRepositories, type PrismaClient } from "@libs/database";
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

/** Registers the suites that the in-memory repositories pass, for those on a database. @param database asked for in each test */
export function repositoryContracts(name: string, database: () => PrismaClient): void {
  const makeSubject = () => subjectOf(database());
  // First: logins leave notices, and these count all that there are.
  feedRepositoryContract(name, makeSubject);
  feedEventsContract(name, makeSubject);
  userRepositoryContract(name, makeSubject);
  sessionRepositoryContract(name, makeSubject);
  sessionAddressRepositoryContract(name, makeSubject);
  storedTokenRepositoryContract(name, makeSubject);
  keycloakLogoutRepositoryContract(name, makeSubject);
  registrationRepositoryContract(name, makeSubject);
  idempotencyRepositoryContract(name, makeSubject);
  retentionRepositoryContract(name, makeSubject);
  leaseRepositoryContract(name, makeSubject);
  syncRunRepositoryContract(name, makeSubject);
  scanRepositoryContract(name, makeSubject);
  reconcileRepositoryContract(name, makeSubject);
  domainEventRepositoryContract(name, makeSubject);
  roleRepositoryContract(name, makeSubject);
  activityRepositoryContract(name, makeSubject);
  businessRepositoryContract(name, makeSubject);
  cartRepositoryContract(name, makeSubject);
  orderRepositoryContract(name, makeSubject);
}

function subjectOf(prisma: PrismaClient): ContractSubject {
  return {
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
  };
}
