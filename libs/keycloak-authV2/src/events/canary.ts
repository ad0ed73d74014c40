import type { SessionRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { readWindow } from "./read-window.ts";

/** For {@link LoginCanary}. */
export type LoginCanaryDeps = Pick<SyncDeps, "now"> & {
  sessions: Pick<SessionRepository, "findStartedBetween">;
  eventSource: Pick<KeycloakEventSource, "listUserEvents">;
};

/** Sessions that began in this span are looked for: long enough ago to be there, not so long that many are. */
const YOUNGEST_MS = 20_000;
const OLDEST_MS = 120_000;
const SAMPLE = 3;
/** Between a session's start and its event. Milliseconds. */
const AROUND_MS = 5_000;
/** In a row. */
const TIMES_MISSING = 2;

/** Our own logins must be among the realm's events: if one is not, others may be missing too. */
export class LoginCanary {
  /** By `sid`: how often it was missing. */
  readonly #missing = new Map<string, number>();
  #isMissing = false;

  constructor(private readonly deps: LoginCanaryDeps) {}

  /** @returns whether a login is missing; as before while there was none to look for. @throws AuthError, DatabaseError */
  async check(): Promise<boolean> {
    const { sessions, now } = this.deps;
    const started = await sessions.findStartedBetween(later(now(), -OLDEST_MS), later(now(), -YOUNGEST_MS), 100);
    const seemsMissing = started.filter(({ keycloakSessionId }) => this.#missing.has(keycloakSessionId));
    const others = started.filter(({ keycloakSessionId }) => !this.#missing.has(keycloakSessionId));
    const sample = [...seemsMissing, ...shuffled(others)].slice(0, SAMPLE);
    if (sample.length === 0) return this.#isMissing;
    const missing = new Map<string, number>();
    for (const { keycloakSessionId, startedAt } of sample) {
      if (await this.#hasEvent(keycloakSessionId, startedAt)) continue;
      missing.set(keycloakSessionId, (this.#missing.get(keycloakSessionId) ?? 0) + 1);
    }
    this.#missing.clear();
    for (const [sid, times] of missing) this.#missing.set(sid, times);
    const most = Math.max(0, ...missing.values());
    if (most >= TIMES_MISSING) this.#isMissing = true;
    else if (most === 0) this.#isMissing = false;
    return this.#isMissing;
  }

  async #hasEvent(sid: string, startedAt: Date): Promise<boolean> {
    const { eventSource } = this.deps;
    let found = false;
    await readWindow(
      (page) => eventSource.listUserEvents({ ...page, types: ["LOGIN"] }),
      later(startedAt, -AROUND_MS),
      later(startedAt, AROUND_MS),
      async (events) => {
        found ||= events.some(({ sessionId }) => sessionId === sid);
      },
    );
    return found;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
