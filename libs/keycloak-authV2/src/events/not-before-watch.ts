import type { FeedRepository } from "@libs/database";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { KeycloakClock } from "./keycloak-clock.ts";
import { NOT_BEFORE } from "./notices/realm-subjects.ts";

/** For {@link NotBeforeWatch}. */
export type NotBeforeWatchDeps = Pick<SyncDeps, "now" | "wake"> & {
  clock: Pick<KeycloakClock, "notBefore" | "now">;
  feed: Pick<FeedRepository, "addNotices">;
};

/** Has the realm's not-before handled, which may have been set without an event that could be read. */
export class NotBeforeWatch {
  /** What has been handled, or is about to be. */
  #notBefore: Date | null = null;

  constructor(private readonly deps: NotBeforeWatchDeps) {}

  /** While it is to come, every new token is stale at once. */
  async check(): Promise<void> {
    const { clock, feed, now, wake } = this.deps;
    const { notBefore } = clock;
    if (notBefore === null) return;
    const isHandled = notBefore.getTime() === this.#notBefore?.getTime() && notBefore <= clock.now();
    if (isHandled) return;
    await feed.addNotices([{ ...NOT_BEFORE, source: "admin_events", changedAt: clock.now() }], now());
    this.#notBefore = notBefore;
    wake("notices");
  }
}
