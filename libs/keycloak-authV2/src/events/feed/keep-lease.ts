import { setTimeout as pause } from "node:timers/promises";
import type { FeedLeader } from "./feed-leader.ts";

/** A lease is renewed when it is older than this, well before it ends. Milliseconds. */
const EVERY_MS = 1_600;

/**
 * Renews a lease while `work` runs, which may take longer than the lease holds: another replica would take over and begin
 * the same work again. What `work` writes is still refused when the lease was lost meanwhile.
 */
export async function keepLease<T>(leader: FeedLeader, work: () => Promise<T>, everyMs = EVERY_MS): Promise<T> {
  const over = new AbortController();
  const renewing = renew(leader, everyMs, over.signal);
  try {
    return await work();
  } finally {
    over.abort();
    // A renewal that is under way would take the lease again after it was given back.
    await renewing;
  }
}

async function renew(leader: FeedLeader, everyMs: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    // An outage of the database: the next one, or what is written at the end, notices.
    await leader.take().catch(() => {});
  }
}
