import type { KeycloakProfile } from "./user-repository.ts";

/**
 * A user's fields as they are after the event.
 * @see {@link DomainEventRepository}
 */
export type UserPayload = Omit<KeycloakProfile, "id">;

/**
 * What may happen to a user, and what is reported of it. No tokens, no secrets.
 * @see {@link DomainEventRepository}
 */
export interface DomainEventPayloads {
  /** The user is there: registered, provisioned at a login, found in Keycloak, or found again after a deletion. */
  "user.registered": UserPayload & { via: "registration" | "login" | "keycloak" };
  /** Fields changed, `enabled` to true included. */
  "user.updated": UserPayload & { changed: (keyof UserPayload)[] };
  /** `enabled` went to false. */
  "user.disabled": UserPayload;
  /** The user is gone from Keycloak. Its row stays as a tombstone. */
  "user.deleted": Record<string, never>;
  "session.started": { sessionId: string; ipAddress: string | null; userAgent: string | null };
  "session.ended": { sessionId: string; reason: string };
}

/**
 * Name of a domain event.
 * @see {@link DomainEventRepository}
 */
export type DomainEventType = keyof DomainEventPayloads;

/**
 * Written in the transaction of the change that it reports; one user's events are numbered without gaps.
 * @see {@link DomainEventRepository}
 */
export type DomainEvent = {
  [Type in DomainEventType]: {
    type: Type;
    /** Keycloak's user id. */
    userId: string;
    /** The user's own count of events: what a subscriber may order and de-duplicate by. */
    version: bigint;
    at: Date;
    payload: DomainEventPayloads[Type];
  };
}[DomainEventType];

/**
 * A subscriber, and what it wants to get.
 * @see {@link DomainEventRepository}
 */
export interface EventSubscription {
  name: string;
  /** Empty: every type. */
  types: readonly DomainEventType[];
}

/**
 * A way to run SQL in a transaction that is open: what pg-boss takes as its `db`.
 * @see {@link DomainEventRepository}
 */
export interface SqlExecutor {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/**
 * PORT: subscribers of domain events, and the outbox. Events are written only while somebody subscribes.
 * @example
 * ```ts
 * import type {
 *   DomainEvent,
 *   DomainEventPayloads,
 *   DomainEventRepository,
 *   DomainEventType,
 *   EventSubscription,
 *   SqlExecutor,
 *   UserPayload,
 * } from "@libs/database";
 *
 * const types: DomainEventType[] = ["user.registered", "user.deleted"];
 * const newsletter: EventSubscription = { name: "newsletter", types };
 * const nameOf = ({ username }: UserPayload) => username;
 * const isByLogin = ({ via }: DomainEventPayloads["user.registered"]) => via === "login";
 *
 * const store = async (events: DomainEvent[], _: EventSubscription[], db: SqlExecutor) => {
 *   for (const event of events)
 *     if (event.type === "user.registered" && !isByLogin(event.payload))
 *       await db.executeSql("INSERT INTO letters (username) VALUES ($1)", [nameOf(event.payload)]);
 * };
 *
 * export async function deliver(events: DomainEventRepository): Promise<number> {
 *   await events.subscribe(newsletter, new Date());
 *   return events.dispatch(100, store);
 * }
 * ```
 */
export interface DomainEventRepository {
  /** Adds a subscriber, or changes its types. It gets what happens from now on. */
  subscribe(subscription: EventSubscription, now: Date): Promise<void>;
  /** @returns whether there was one */
  unsubscribe(name: string): Promise<boolean>;
  listSubscriptions(): Promise<EventSubscription[]>;
  /**
   * One transaction: takes waiting events, each user's in order, gives them to `hand`, and removes them if it succeeds.
   * Of several callers at once one works, the others get 0.
   * @param hand puts them into queues with `db`, in the same transaction; what it throws undoes all
   * @returns how many were given
   */
  dispatch(
    limit: number,
    hand: (events: DomainEvent[], subscriptions: EventSubscription[], db: SqlExecutor) => Promise<void>,
  ): Promise<number>;
  /** How many wait, and since when the oldest does. */
  countWaiting(): Promise<{ count: number; oldestAt: Date | null }>;
}
