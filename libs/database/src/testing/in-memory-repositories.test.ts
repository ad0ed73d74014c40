import { activityRepositoryContract } from "./contracts/activity-repository-contract.ts";
import { businessRepositoryContract } from "./contracts/business-repository-contract.ts";
import { cartRepositoryContract } from "./contracts/cart-repository-contract.ts";
import { domainEventRepositoryContract } from "./contracts/domain-event-repository-contract.ts";
import { feedEventsContract } from "./contracts/feed-events-contract.ts";
import { feedRepositoryContract } from "./contracts/feed-repository-contract.ts";
import { idempotencyRepositoryContract } from "./contracts/idempotency-repository-contract.ts";
import { keycloakLogoutRepositoryContract } from "./contracts/keycloak-logout-repository-contract.ts";
import { leaseRepositoryContract } from "./contracts/lease-repository-contract.ts";
import { orderRepositoryContract } from "./contracts/order-repository-contract.ts";
import { reconcileRepositoryContract } from "./contracts/reconcile-repository-contract.ts";
import { registrationRepositoryContract } from "./contracts/registration-repository-contract.ts";
import { retentionRepositoryContract } from "./contracts/retention-repository-contract.ts";
import { roleRepositoryContract } from "./contracts/role-repository-contract.ts";
import { scanRepositoryContract } from "./contracts/scan-repository-contract.ts";
import { sessionAddressRepositoryContract } from "./contracts/session-address-repository-contract.ts";
import { sessionRepositoryContract } from "./contracts/session-repository-contract.ts";
import { storedTokenRepositoryContract } from "./contracts/stored-token-repository-contract.ts";
import { syncRunRepositoryContract } from "./contracts/sync-run-repository-contract.ts";
import { userRepositoryContract } from "./contracts/user-repository-contract.ts";
import { createInMemoryRepositories } from "./create-in-memory-repositories.ts";
import { InMemoryDatabase } from "./in-memory-database.ts";

const makeSubject = () => {
  const database = new InMemoryDatabase();
  return {
    ...createInMemoryRepositories(database),
    addStore: async (id: string) => void database.stores.add(id),
    addOrganization: async (id: string) => void database.organizations.add(id),
    addRateLimit: async (key: string, expire: Date | null) => void database.rateLimits.set(key, expire),
    addLoginLock: async (key: string, until: Date) => void database.loginLocks.set(key, until),
    limitKeys: async () => [...database.rateLimits.keys(), ...database.loginLocks.keys()],
  };
};

userRepositoryContract("in memory", makeSubject);
sessionRepositoryContract("in memory", makeSubject);
sessionAddressRepositoryContract("in memory", makeSubject);
storedTokenRepositoryContract("in memory", makeSubject);
keycloakLogoutRepositoryContract("in memory", makeSubject);
registrationRepositoryContract("in memory", makeSubject);
idempotencyRepositoryContract("in memory", makeSubject);
retentionRepositoryContract("in memory", makeSubject);
feedRepositoryContract("in memory", makeSubject);
feedEventsContract("in memory", makeSubject);
leaseRepositoryContract("in memory", makeSubject);
syncRunRepositoryContract("in memory", makeSubject);
scanRepositoryContract("in memory", makeSubject);
reconcileRepositoryContract("in memory", makeSubject);
domainEventRepositoryContract("in memory", makeSubject);
roleRepositoryContract("in memory", makeSubject);
activityRepositoryContract("in memory", makeSubject);
businessRepositoryContract("in memory", makeSubject);
cartRepositoryContract("in memory", makeSubject);
orderRepositoryContract("in memory", makeSubject);
