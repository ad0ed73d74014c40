import type { Repositories } from "../prisma/create-repositories.ts";
import { InMemoryActivityRepository } from "./in-memory-activity-repository.ts";
import { InMemoryBusinessRepository } from "./in-memory-business-repository.ts";
import { InMemoryCartRepository } from "./in-memory-cart-repository.ts";
import { InMemoryDatabase } from "./in-memory-database.ts";
import { InMemoryDomainEventRepository } from "./in-memory-domain-event-repository.ts";
import { InMemoryFeedRepository } from "./in-memory-feed-repository.ts";
import { InMemoryIdempotencyRepository } from "./in-memory-idempotency-repository.ts";
import { InMemoryKeycloakLogoutRepository } from "./in-memory-keycloak-logout-repository.ts";
import { InMemoryLeaseRepository } from "./in-memory-lease-repository.ts";
import { InMemoryOrderRepository } from "./in-memory-order-repository.ts";
import { InMemoryProductRepository } from "./in-memory-product-repository.ts";
import { InMemoryReconcileRepository } from "./in-memory-reconcile-repository.ts";
import { InMemoryRegistrationRepository } from "./in-memory-registration-repository.ts";
import { InMemoryRetentionRepository } from "./in-memory-retention-repository.ts";
import { InMemoryRoleRepository } from "./in-memory-role-repository.ts";
import { InMemoryScanRepository } from "./in-memory-scan-repository.ts";
import { InMemorySessionAddressRepository } from "./in-memory-session-address-repository.ts";
import { InMemorySessionRepository } from "./in-memory-session-repository.ts";
import { InMemoryStoredTokenRepository } from "./in-memory-stored-token-repository.ts";
import { InMemorySyncRunRepository } from "./in-memory-sync-run-repository.ts";
import { InMemoryTicketRepository } from "./in-memory-ticket-repository.ts";
import { InMemoryUserRepository } from "./in-memory-user-repository.ts";

/** Every port over one shared state. */
export function createInMemoryRepositories(database = new InMemoryDatabase()): Repositories {
  return {
    users: new InMemoryUserRepository(database),
    sessions: new InMemorySessionRepository(database),
    sessionAddresses: new InMemorySessionAddressRepository(database),
    storedTokens: new InMemoryStoredTokenRepository(database),
    keycloakLogouts: new InMemoryKeycloakLogoutRepository(database),
    registrations: new InMemoryRegistrationRepository(database),
    idempotency: new InMemoryIdempotencyRepository(database),
    retention: new InMemoryRetentionRepository(database),
    feed: new InMemoryFeedRepository(database),
    leases: new InMemoryLeaseRepository(database),
    tickets: new InMemoryTicketRepository(database),
    domainEvents: new InMemoryDomainEventRepository(database),
    syncRuns: new InMemorySyncRunRepository(database),
    scans: new InMemoryScanRepository(database),
    reconcile: new InMemoryReconcileRepository(database),
    roles: new InMemoryRoleRepository(database),
    activities: new InMemoryActivityRepository(database),
    business: new InMemoryBusinessRepository(database),
    carts: new InMemoryCartRepository(database),
    orders: new InMemoryOrderRepository(database),
    products: new InMemoryProductRepository(database),
  };
}
