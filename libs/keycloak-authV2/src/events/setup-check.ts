import type { LeaseRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { LoginCanary } from "./canary.ts";
import type { ProblemBoard } from "./feed/problem-board.ts";
import type { KeycloakClock } from "./keycloak-clock.ts";
import { noticeTypes } from "./notices/user-event-notices.ts";

const SKEW_MS = 2_000;
/** Longer than the longest overlap, with a margin. */
const SHORTEST_RETENTION_MS = 900_000;

const requiredTypes = [...noticeTypes, "LOGIN"];

/** For {@link SetupCheck}. */
export type SetupCheckDeps = Pick<SyncDeps, "now"> & {
  eventSource: Pick<KeycloakEventSource, "readEventsConfig" | "knownTypes">;
  leases: Pick<LeaseRepository, "now">;
  clock: Pick<KeycloakClock, "measure" | "skew">;
  canary: Pick<LoginCanary, "check">;
  problems: Pick<ProblemBoard, "set">;
};

/** Whether Keycloak and the database are set up so that changes arrive: the realm's events, and the clocks. */
export class SetupCheck {
  constructor(private readonly deps: SetupCheckDeps) {}

  /** What the realm stores, and for how long. @param lagSeconds of the reading. @throws AuthError `keycloak.*` */
  async events(lagSeconds: number): Promise<void> {
    const { eventSource, problems } = this.deps;
    const config = await eventSource.readEventsConfig();
    problems.set("user_events_off", !config.userEventsEnabled);
    problems.set("admin_events_off", !config.adminEventsEnabled);
    // What an older server does not know it can't store.
    const required = await eventSource.knownTypes(requiredTypes);
    const missing = required.filter((type) => !config.storedTypes.includes(type));
    problems.set("event_types_missing", missing.length > 0, { missing });
    const keptMs = config.userEventsKeptMs;
    const neededMs = Math.max(SHORTEST_RETENTION_MS, lagSeconds * 1000);
    problems.set("retention_too_short", keptMs !== null && keptMs < neededMs, {
      keptSeconds: (keptMs ?? 0) / 1000,
      neededSeconds: Math.round(neededMs / 1000),
    });
  }

  /** @throws AuthError `keycloak.*`, DatabaseError */
  async clocks(): Promise<void> {
    const { clock, leases, now, problems } = this.deps;
    await clock.measure();
    const { skewMs, uncertaintyMs } = clock.skew;
    const before = now().getTime();
    const database = (await leases.now()).getTime();
    const after = now().getTime();
    const databaseMs = database - (before + after) / 2;
    const isOff = Math.abs(skewMs) > SKEW_MS + uncertaintyMs || Math.abs(databaseMs) > SKEW_MS + (after - before) / 2;
    problems.set("clock_skew", isOff, {
      keycloakAheadMs: Math.round(skewMs),
      databaseAheadMs: Math.round(databaseMs),
    });
  }

  /** Whether our own logins are among the realm's events. @throws AuthError `keycloak.*`, DatabaseError */
  async canary(): Promise<void> {
    this.deps.problems.set("canary_missing", await this.deps.canary.check());
  }
}
