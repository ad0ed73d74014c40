import { ForeignKeyViolationError, UnfinishedRegistrationError, UniqueViolationError } from "@libs/postgres";
import type { Activity } from "../ports/activity-repository.ts";
import type { Cart, WriteKey } from "../ports/cart-repository.ts";
import type { DomainEvent, EventSubscription } from "../ports/domain-event.ts";
import type { ChangeNotice } from "../ports/feed-repository.ts";
import type { StoredAnswer } from "../ports/idempotency-repository.ts";
import type { KeycloakLogout, NewKeycloakLogout } from "../ports/keycloak-logout-repository.ts";
import type { Order } from "../ports/order-repository.ts";
import type { Product } from "../ports/product-repository.ts";
import { keycloakFields, type NewDomainEvent } from "../ports/profile-change.ts";
import type { Registration } from "../ports/registration-repository.ts";
import type { Role, RoleGrant, Scope } from "../ports/role-repository.ts";
import type { Session } from "../ports/session.ts";
import type { SyncRun } from "../ports/sync-run-repository.ts";
import type { KeycloakProfile, User } from "../ports/user-repository.ts";

export interface StoredIdempotencyKey {
  scope: string;
  key: string;
  fingerprint: string;
  registrationId: string;
  kept: StoredAnswer | null;
  lockedUntil: Date;
  expiresAt: Date;
}

/**
 * The state that the in-memory repositories share, with the constraints of the real one. Give every test its own.
 */
export class InMemoryDatabase {
  readonly users = new Map<string, User>();
  readonly sessions = new Map<string, Session>();
  /** By session, then by hash: when it was spent. */
  readonly spentTokens = new Map<string, Map<string, Date>>();
  /** By session: the number of the last lease, and until when it holds. */
  readonly refreshLeases = new Map<string, { fence: bigint; until: Date | null }>();
  /** By session: when its expiry is checked; null: never. */
  readonly expiryChecks = new Map<string, Date | null>();
  readonly keycloakLogouts = new Map<string, KeycloakLogout>();
  readonly registrations = new Map<string, Registration>();
  readonly idempotencyKeys = new Map<string, StoredIdempotencyKey>();
  /** When each count ends; null: never. */
  readonly rateLimits = new Map<string, Date | null>();
  /** Until when each login lock is taken. */
  readonly loginLocks = new Map<string, Date>();
  /** By kind and subject. */
  readonly notices = new Map<string, ChangeNotice>();
  lastNoticeId = 0n;
  /** By source and event: when. */
  readonly seenEvents = new Map<string, Date>();
  readonly cursors = new Map<string, { position: unknown; updatedAt: Date }>();
  readonly leases = new Map<string, { holder: string; until: Date; fence: bigint }>();
  /** The last number of a read of Keycloak. */
  ticket = 0n;
  /** By user: the number of the read that its row comes from. */
  readonly userTickets = new Map<string, bigint>();
  /** By user: when Keycloak created it. */
  readonly keycloakTimes = new Map<string, Date>();
  /** By name. */
  readonly subscriptions = new Map<string, EventSubscription>();
  readonly domainEvents: DomainEvent[] = [];
  /** By user: the number of its newest event. */
  readonly eventVersions = new Map<string, bigint>();
  readonly syncRuns = new Map<string, SyncRun & { ended: boolean }>();
  readonly activities: Activity[] = [];
  /** How many there have been. */
  lastActivity = 0;
  /** By name: description. */
  readonly permissions = new Map<string, string | null>();
  /** By name. */
  readonly roles = new Map<string, Role>();
  readonly roleGrants = new Map<string, RoleGrant>();
  /** By store, sku and currency. */
  readonly products = new Map<string, Product>();
  readonly carts = new Map<string, Cart>();
  readonly orders = new Map<string, Order>();
  /** Keys of writes, by scope and key. */
  readonly writeKeys = new Map<string, WriteKey & { subject: string }>();
  readonly stores = new Set<string>();
  readonly organizations = new Set<string>();
  /** The server's own clock, which leases go by. */
  clock: () => Date = () => new Date();

  /** @throws UniqueViolationError when another live user holds username or email */
  assertNamesFree({ id, username, email }: Pick<User, "id" | "username" | "email">): void {
    const others = [...this.users.values()].filter((user) => user.id !== id && user.deletedAt === null);
    if (others.some((user) => sameName(user.username, username))) throw new UniqueViolationError("users_username_key");
    if (email !== null && others.some((user) => user.email !== null && sameName(user.email, email)))
      throw new UniqueViolationError("users_email_key");
  }

  /** @throws UnfinishedRegistrationError when the user is not known and its name is being registered */
  assertMayInsert({ id, username, email }: Pick<User, "id" | "username" | "email">): void {
    if (this.users.has(id)) return;
    const unfinished = [...this.registrations.values()]
      .filter(({ state }) => state === "pending" || state === "undoing")
      .some(
        (row) =>
          sameName(row.username, username) || (email !== null && row.email !== null && sameName(row.email, email)),
      );
    if (unfinished) throw new UnfinishedRegistrationError();
  }

  /** @throws ForeignKeyViolationError when a store or organization is not there */
  assertRelations({ storeId, organizationId }: Pick<User, "storeId" | "organizationId">): void {
    if (storeId !== null && !this.stores.has(storeId)) throw new ForeignKeyViolationError("users_store_id_fkey");
    if (organizationId !== null && !this.organizations.has(organizationId))
      throw new ForeignKeyViolationError("users_organization_id_fkey");
  }

  queueLogout(logout: NewKeycloakLogout): void {
    const { keycloakSessionId } = logout;
    if (this.keycloakLogouts.has(keycloakSessionId)) return;
    this.keycloakLogouts.set(keycloakSessionId, { ...structuredClone(logout), attempts: 0, lastError: null });
  }

  /** Writes an event, while somebody subscribes. */
  record(userId: string, { type, payload }: NewDomainEvent, at: Date): void {
    if (this.subscriptions.size === 0) return;
    const version = (this.eventVersions.get(userId) ?? 0n) + 1n;
    this.eventVersions.set(userId, version);
    this.domainEvents.push({ type, payload: structuredClone(payload), userId, version, at } as DomainEvent);
  }

  /** What a key stands for, while it has not expired. */
  writeKey({ scope, key }: WriteKey, now: Date): (WriteKey & { subject: string }) | undefined {
    const held = this.writeKeys.get(JSON.stringify([scope, key]));
    return held && held.expiresAt > now ? held : undefined;
  }

  takeWriteKey(key: WriteKey, subject: string): void {
    this.writeKeys.set(JSON.stringify([key.scope, key.key]), { ...key, subject });
  }

  log(activity: Omit<Activity, "id">): void {
    this.activities.push({ ...structuredClone(activity), id: String(++this.lastActivity) });
  }

  /** Grants that waited for this user's email become the user's, where the email is verified. */
  takeOverGrants(
    user: User,
    at: Date,
    { ipAddress, userAgent }: Pick<Activity, "ipAddress" | "userAgent"> = { ipAddress: null, userAgent: null },
  ): void {
    const { id: userId, email, emailVerified } = user;
    if (!emailVerified || email === null) return;
    for (const grant of this.roleGrants.values()) {
      if (grant.email === null || !sameName(grant.email, email)) continue;
      const held = [...this.roleGrants.values()].some((other) => other.userId === userId && sameGrant(other, grant));
      if (held) this.roleGrants.delete(grant.id);
      else this.roleGrants.set(grant.id, { ...grant, userId, email: null });
      this.log({ userId, type: "role.taken_over", at, ipAddress, userAgent, details: grantDetails(grant) });
    }
  }
}

/** Whether two grants give the same role in the same scope. */
export function sameGrant(a: Scope & { role: string }, b: Scope & { role: string }): boolean {
  return a.role === b.role && a.storeId === b.storeId && a.organizationId === b.organizationId;
}

/** What the activity log says of a grant. */
export function grantDetails({ id, role, storeId, organizationId, grantedBy }: RoleGrant): Record<string, unknown> {
  return {
    grantId: id,
    role,
    ...(storeId !== null && { storeId }),
    ...(organizationId !== null && { organizationId }),
    ...(grantedBy !== null && { by: grantedBy }),
  };
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The row that a first write of a profile makes. */
export function newUser(profile: KeycloakProfile, now: Date): User {
  return {
    id: profile.id,
    ...keycloakFields(profile),
    storeId: null,
    organizationId: null,
    metadata: {},
    lastLoginAt: null,
    loginCount: 0,
    syncedAt: now,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
}
