import type { Activity } from "./activity-repository.ts";
import type { Registration } from "./registration-repository.ts";
import type { Session, SessionTokens } from "./session-repository.ts";
import type { User } from "./user-repository.ts";

/** A session without its tokens and their hashes. */
export type SessionFacts = Omit<Session, keyof SessionTokens | "previousRefreshTokenHash"> &
  Pick<SessionTokens, "tokenExpiresAt" | "refreshExpiresAt">;

/** Which sessions; the conditions add up. */
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

/** A session, and whose it is. */
export type ListedSession = SessionFacts & { username: string };

/** Where the next page begins: the last session of the one before. */
export type SessionMark = Pick<SessionFacts, "startedAt" | "sessionId">;

export interface SessionPage {
  sessions: ListedSession[];
  /** Where the next page begins; null: there is none. */
  next: SessionMark | null;
}

/** Everything that is held of one person. Amounts are integers in the currency's minor unit. */
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

export interface GivenRole {
  role: string;
  /** Set where the role was given to an email address before its owner's first login. */
  granteeEmail: string | null;
  storeId: string | null;
  organizationId: string | null;
  grantedAt: Date;
}

export interface PersonsItem {
  sku: string;
  name: string;
  quantity: number;
  unitPriceMinor: bigint;
}

export interface PersonsCart {
  id: string;
  storeId: string | null;
  currency: string;
  status: string;
  createdAt: Date;
  updatedAt: Date;
  items: PersonsItem[];
}

export interface PersonsOrder {
  id: string;
  storeId: string | null;
  currency: string;
  totalMinor: bigint;
  status: string;
  placedAt: Date;
  items: PersonsItem[];
}

/** How many rows an erasure has cleared or removed. */
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

/** What stands for the username of someone who was erased. */
export const ERASED_USERNAME = "erased";

/** PORT: one person's rows, over all tables; and sessions by what an operator looks for. */
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
