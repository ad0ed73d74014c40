import type { ActivityRepository } from "./activity-repository.ts";
import type { BusinessRepository } from "./business-repository.ts";
import type { CartRepository } from "./cart-repository.ts";
import type { PrismaClient } from "./client.ts";
import type { DomainEventRepository } from "./domain-event.ts";
import type { FeedRepository, LeaseRepository, TicketRepository } from "./feed-repository.ts";
import type { IdempotencyRepository } from "./idempotency-repository.ts";
import { instrument, type ObserveDatabase } from "./instrument.ts";
import type { KeycloakLogoutRepository } from "./keycloak-logout-repository.ts";
import type { OrderRepository } from "./order-repository.ts";
import { PrismaActivityRepository } from "./prisma/prisma-activity-repository.ts";
import { PrismaBusinessRepository } from "./prisma/prisma-business-repository.ts";
import { PrismaCartRepository } from "./prisma/prisma-cart-repository.ts";
import { PrismaDomainEventRepository } from "./prisma/prisma-domain-event-repository.ts";
import { PrismaFeedRepository } from "./prisma/prisma-feed-repository.ts";
import { PrismaIdempotencyRepository } from "./prisma/prisma-idempotency-repository.ts";
import { PrismaKeycloakLogoutRepository } from "./prisma/prisma-keycloak-logout-repository.ts";
import { PrismaLeaseRepository } from "./prisma/prisma-lease-repository.ts";
import { PrismaOrderRepository } from "./prisma/prisma-order-repository.ts";
import { PrismaProductRepository } from "./prisma/prisma-product-repository.ts";
import { PrismaReconcileRepository } from "./prisma/prisma-reconcile-repository.ts";
import { PrismaRegistrationRepository } from "./prisma/prisma-registration-repository.ts";
import { PrismaRetentionRepository } from "./prisma/prisma-retention-repository.ts";
import { PrismaRoleRepository } from "./prisma/prisma-role-repository.ts";
import { PrismaSessionAddressRepository } from "./prisma/prisma-session-address-repository.ts";
import { PrismaSessionRepository } from "./prisma/prisma-session-repository.ts";
import { PrismaStoredTokenRepository } from "./prisma/prisma-stored-token-repository.ts";
import { PrismaSyncRunRepository } from "./prisma/prisma-sync-run-repository.ts";
import { PrismaTicketRepository } from "./prisma/prisma-ticket-repository.ts";
import { PrismaUserRepository } from "./prisma/prisma-user-repository.ts";
import { PrismaWalkRepository } from "./prisma/prisma-walk-repository.ts";
import type { ProductRepository } from "./product-repository.ts";
import type { ReconcileRepository } from "./reconcile-repository.ts";
import type { RegistrationRepository } from "./registration-repository.ts";
import type { RetentionRepository } from "./retention-repository.ts";
import type { RoleRepository } from "./role-repository.ts";
import type { SessionAddressRepository } from "./session-address-repository.ts";
import type { SessionRepository } from "./session-repository.ts";
import type { StoredTokenRepository } from "./stored-token-repository.ts";
import type { SyncRunRepository } from "./sync-run-repository.ts";
import type { UserRepository } from "./user-repository.ts";
import type { WalkRepository } from "./walk-repository.ts";

export interface Repositories {
  users: UserRepository;
  sessions: SessionRepository;
  sessionAddresses: SessionAddressRepository;
  storedTokens: StoredTokenRepository;
  keycloakLogouts: KeycloakLogoutRepository;
  registrations: RegistrationRepository;
  idempotency: IdempotencyRepository;
  retention: RetentionRepository;
  feed: FeedRepository;
  leases: LeaseRepository;
  tickets: TicketRepository;
  domainEvents: DomainEventRepository;
  syncRuns: SyncRunRepository;
  walks: WalkRepository;
  reconcile: ReconcileRepository;
  roles: RoleRepository;
  activities: ActivityRepository;
  business: BusinessRepository;
  products: ProductRepository;
  orders: OrderRepository;
  carts: CartRepository;
}

/**
 * The ports on PostgreSQL.
 * @param observe told of every call as `repository.method`, for metrics
 */
export function createRepositories(prisma: PrismaClient, observe: ObserveDatabase = () => {}): Repositories {
  return {
    users: instrument("users", new PrismaUserRepository(prisma), observe),
    sessions: instrument("sessions", new PrismaSessionRepository(prisma), observe),
    sessionAddresses: instrument("sessionAddresses", new PrismaSessionAddressRepository(prisma), observe),
    storedTokens: instrument("storedTokens", new PrismaStoredTokenRepository(prisma), observe),
    keycloakLogouts: instrument("keycloakLogouts", new PrismaKeycloakLogoutRepository(prisma), observe),
    registrations: instrument("registrations", new PrismaRegistrationRepository(prisma), observe),
    idempotency: instrument("idempotency", new PrismaIdempotencyRepository(prisma), observe),
    retention: instrument("retention", new PrismaRetentionRepository(prisma), observe),
    feed: instrument("feed", new PrismaFeedRepository(prisma), observe),
    leases: instrument("leases", new PrismaLeaseRepository(prisma), observe),
    tickets: instrument("tickets", new PrismaTicketRepository(prisma), observe),
    domainEvents: instrument("domainEvents", new PrismaDomainEventRepository(prisma), observe),
    syncRuns: instrument("syncRuns", new PrismaSyncRunRepository(prisma), observe),
    walks: instrument("walks", new PrismaWalkRepository(prisma), observe),
    reconcile: instrument("reconcile", new PrismaReconcileRepository(prisma), observe),
    roles: instrument("roles", new PrismaRoleRepository(prisma), observe),
    activities: instrument("activities", new PrismaActivityRepository(prisma), observe),
    business: instrument("business", new PrismaBusinessRepository(prisma), observe),
    products: instrument("products", new PrismaProductRepository(prisma), observe),
    orders: instrument("orders", new PrismaOrderRepository(prisma), observe),
    carts: instrument("carts", new PrismaCartRepository(prisma), observe),
  };
}
