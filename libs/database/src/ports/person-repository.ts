import type { Activity } from "./activity-repository.ts";
import type { Registration } from "./registration-repository.ts";
import type { Session, SessionTokens } from "./session.ts";
import type { User } from "./user-repository.ts";

/**
 * A session without its tokens and their hashes.
 * @see {@link PersonRepository}
 */
export type SessionFacts = Omit<Session, keyof SessionTokens | "previousRefreshTokenHash"> &
  Pick<SessionTokens, "tokenExpiresAt" | "refreshExpiresAt">;

/**
 * Which sessions; the conditions add up.
 * @see {@link PersonRepository}
 */
export interface SessionFilter {
  sessionIds?: readonly string[];
  userId?: string;
  /** An address, or a network in CIDR notation. */
  ipAddress?: string;
  startedBefore?: Date;
  startedAfter?: Date;
  /** Not refreshed since then. */
  lastSeenBefore?: Date;
  /** Ended ones too. */
  ended?: boolean;
}

/**
 * A session, and whose it is.
 * @see {@link PersonRepository}
 */
export type ListedSession = SessionFacts & { username: string };

/**
 * Where the next page begins: the last session of the one before.
 * @see {@link PersonRepository}
 */
export type SessionMark = Pick<SessionFacts, "startedAt" | "sessionId">;

/**
 * A page of sessions.
 * @see {@link PersonRepository}
 */
export interface SessionPage {
  sessions: ListedSession[];
  /** Where the next page begins; null: there is none. */
  next: SessionMark | null;
}

/**
 * Everything that is held of one person. Amounts are integers in the currency's minor unit.
 * @see {@link PersonRepository}
 */
export interface PersonRecord {
  /** Tombstones too; null: there is no row. */
  user: User | null;
  sessions: SessionFacts[];
  activities: Activity[];
  registrations: Omit<Registration, "idempotencyKey">[];
  roles: GivenRole[];
  carts: PersonsCart[];
  orders: PersonsOrder[];
}

/**
 * A role that a person has.
 * @see {@link PersonRepository}
 */
export interface GivenRole {
  role: string;
  /** Set where the role was given to an email address before its owner's first login. */
  granteeEmail: string | null;
  storeId: string | null;
  organizationId: string | null;
  grantedAt: Date;
}

/**
 * One line of a person's cart or order.
 * @see {@link PersonRepository}
 */
export interface PersonsItem {
  sku: string;
  name: string;
  quantity: number;
  unitPriceMinor: bigint;
}

/**
 * A cart, as it is exported for its person.
 * @see {@link PersonRepository}
 */
export interface PersonsCart {
  id: string;
  storeId: string | null;
  currency: string;
  status: string;
  createdAt: Date;
  updatedAt: Date;
  items: PersonsItem[];
}

/**
 * An order, as it is exported for its person.
 * @see {@link PersonRepository}
 */
export interface PersonsOrder {
  id: string;
  storeId: string | null;
  currency: string;
  totalMinor: bigint;
  status: string;
  placedAt: Date;
  items: PersonsItem[];
}

/**
 * How many rows an erasure has cleared or removed.
 * @see {@link PersonRepository}
 */
export interface ErasedRows {
  users: number;
  sessions: number;
  activities: number;
  registrations: number;
  roles: number;
  carts: number;
  /** Waiting for subscribers: they are notified, without the person. */
  events: number;
  /** Kept as they are: they name the tombstone, which names nobody. */
  ordersKept: number;
}

/**
 * What stands for the username of someone who was erased.
 * @see {@link PersonRepository}
 */
export const ERASED_USERNAME = "erased";

/**
 * PORT: one person's rows, over all tables; and sessions by what an operator looks for.
 * @example
 * ```ts
 * import {
 *   createPersonRepository,
 *   ERASED_USERNAME,
 *   type ErasedRows,
 *   type GivenRole,
 *   type ListedSession,
 *   type PersonRecord,
 *   type PersonRepository,
 *   type PersonsCart,
 *   type PersonsItem,
 *   type PersonsOrder,
 *   PrismaClient,
 *   type SessionFacts,
 *   type SessionFilter,
 *   type SessionMark,
 *   type SessionPage,
 * } from "@libs/database";
 *
 * const people: PersonRepository = createPersonRepository(new PrismaClient());
 * const record: PersonRecord = await people.collect("b6f0c3e2-…");
 * const sessions: SessionFacts[] = record.sessions;
 * const roles: GivenRole[] = record.roles;
 * const bought: (PersonsCart | PersonsOrder)[] = [...record.carts, ...record.orders];
 * const items: PersonsItem[] = bought.flatMap((each) => each.items);
 * console.log(sessions.length, roles.length, items.length);
 *
 * const filter: SessionFilter = { ipAddress: "203.0.113.0/24" };
 * let after: SessionMark | null = null;
 * do {
 *   const page: SessionPage = await people.listSessions(filter, after, 50);
 *   page.sessions.forEach(({ sessionId, username }: ListedSession) => console.log(sessionId, username));
 *   after = page.next;
 * } while (after);
 *
 * const erased: ErasedRows = await people.erase("b6f0c3e2-…", new Date());
 * console.log(erased.sessions, (await people.collect("b6f0c3e2-…")).user?.username === ERASED_USERNAME);
 * ```
 */
export interface PersonRepository {
  /** @param userId Keycloak user id */
  collect(userId: string): Promise<PersonRecord>;
  /**
   * Newest first: of the next `limit` sessions those that match, which may be none although there are more.
   * @param after where the page before ended; null: the first one
   */
  listSessions(filter: SessionFilter, after: SessionMark | null, limit: number): Promise<SessionPage>;
  /**
   * One transaction: nothing here names the person any more. The row becomes a tombstone without personal columns that no
   * earlier read of Keycloak revives; sessions and activities lose address, user agent and details; finished registrations,
   * roles and carts that were not ordered go. Events that wait for subscribers lose names and addresses. Orders stay. Live
   * sessions are ended before, since that is reported. Repeatable.
   */
  erase(userId: string, now: Date): Promise<ErasedRows>;
}
