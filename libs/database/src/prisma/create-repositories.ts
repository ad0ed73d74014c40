import type { ActivityRepository } from "../ports/activity-repository.ts";
import type { BusinessRepository } from "../ports/business-repository.ts";
import type { CartRepository } from "../ports/cart-repository.ts";
import type { DomainEventRepository } from "../ports/domain-event.ts";
import type { FeedRepository, LeaseRepository, TicketRepository } from "../ports/feed-repository.ts";
import type { IdempotencyRepository } from "../ports/idempotency-repository.ts";
import type { KeycloakLogoutRepository } from "../ports/keycloak-logout-repository.ts";
import type { OrderRepository } from "../ports/order-repository.ts";
import type { ProductRepository } from "../ports/product-repository.ts";
import type { ReconcileRepository } from "../ports/reconcile-repository.ts";
import type { RegistrationRepository } from "../ports/registration-repository.ts";
import type { RetentionRepository } from "../ports/retention-repository.ts";
import type { RoleRepository } from "../ports/role-repository.ts";
import type { ScanRepository } from "../ports/scan-repository.ts";
import type { SessionAddressRepository } from "../ports/session-address-repository.ts";
import type { SessionRepository } from "../ports/session-repository.ts";
import type { StoredTokenRepository } from "../ports/stored-token-repository.ts";
import type { SyncRunRepository } from "../ports/sync-run-repository.ts";
import type { UserRepository } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { instrument, type ObserveDatabase } from "./instrument.ts";
import { PrismaActivityRepository } from "./prisma-activity-repository.ts";
import { PrismaBusinessRepository } from "./prisma-business-repository.ts";
import { PrismaCartRepository } from "./prisma-cart-repository.ts";
import { PrismaDomainEventRepository } from "./prisma-domain-event-repository.ts";
import { PrismaFeedRepository } from "./prisma-feed-repository.ts";
import { PrismaIdempotencyRepository } from "./prisma-idempotency-repository.ts";
import { PrismaKeycloakLogoutRepository } from "./prisma-keycloak-logout-repository.ts";
import { PrismaLeaseRepository } from "./prisma-lease-repository.ts";
import { PrismaOrderRepository } from "./prisma-order-repository.ts";
import { PrismaProductRepository } from "./prisma-product-repository.ts";
import { PrismaReconcileRepository } from "./prisma-reconcile-repository.ts";
import { PrismaRegistrationRepository } from "./prisma-registration-repository.ts";
import { PrismaRetentionRepository } from "./prisma-retention-repository.ts";
import { PrismaRoleRepository } from "./prisma-role-repository.ts";
import { PrismaScanRepository } from "./prisma-scan-repository.ts";
import { PrismaSessionAddressRepository } from "./prisma-session-address-repository.ts";
import { PrismaSessionRepository } from "./prisma-session-repository.ts";
import { PrismaStoredTokenRepository } from "./prisma-stored-token-repository.ts";
import { PrismaSyncRunRepository } from "./prisma-sync-run-repository.ts";
import { PrismaTicketRepository } from "./prisma-ticket-repository.ts";
import { PrismaUserRepository } from "./prisma-user-repository.ts";

/**
 * Every port on the application's database, except that of single people.
 * @see {@link createRepositories}
 */
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
  scans: ScanRepository;
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
 * @param prisma the application's database
 * @param observe called after each call of a port, as `repository.method`, for metrics
 * @example
 * ```ts
 * import {
 *   createRepositories,
 *   type DatabaseOutcome,
 *   type ObserveDatabase,
 *   PrismaClient,
 *   type Repositories,
 * } from "@libs/database";
 *
 * const observe: ObserveDatabase = (operation, outcome: DatabaseOutcome, seconds) =>
 *   console.log(`${operation}: ${outcome} after ${seconds} s`);
 * const { users, sessions }: Repositories = createRepositories(new PrismaClient(), observe);
 * const ada = await users.findByUsername("ada");
 * export const live = ada && (await sessions.listOfPerson(ada.id, 20));
 * ```
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
    scans: instrument("scans", new PrismaScanRepository(prisma), observe),
    reconcile: instrument("reconcile", new PrismaReconcileRepository(prisma), observe),
    roles: instrument("roles", new PrismaRoleRepository(prisma), observe),
    activities: instrument("activities", new PrismaActivityRepository(prisma), observe),
    business: instrument("business", new PrismaBusinessRepository(prisma), observe),
    products: instrument("products", new PrismaProductRepository(prisma), observe),
    orders: instrument("orders", new PrismaOrderRepository(prisma), observe),
    carts: instrument("carts", new PrismaCartRepository(prisma), observe),
  };
}
