import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseClient } from "@libs/postgres";
import { readActivity, type SessionActivity } from "./session-activity.ts";

/** Takes one line about what a migration does or waits for. */
export type Report = (line: string) => void;

/** A statement that takes less is not watched. Milliseconds. */
const FIRST_LOOK_MS = 250;
const LOOK_EVERY_MS = 500;
/** The same news is reported no more often. Milliseconds. */
const REPORT_EVERY_MS = 10_000;

/**
 * Says what a migration's statement waits for and for whom, and how far an index is. It looks from a connection of its
 * own, because the one that it watches is busy. What can't be seen is not reported, and never stops a migration.
 */
export class SessionWatch {
  /** What the last statement waited for when it was last looked at. */
  waitsFor: string | undefined;
  #observer: Promise<DatabaseClient | undefined> | undefined;

  /** @param pid the server process to watch @param open makes a connection that is not connected yet */
  constructor(
    private readonly pid: number,
    private readonly open: () => DatabaseClient,
    private readonly report: Report,
  ) {}

  /** @param what begins each line */
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    this.waitsFor = undefined;
    // Not awaited: a look that gets no answer must not hold up the migration.
    void this.#watch(what, over.signal);
    try {
      return await work();
    } finally {
      over.abort();
    }
  }

  async close(): Promise<void> {
    const observer = await this.#observer;
    await observer?.end().catch(() => {});
  }

  async #watch(what: string, over: AbortSignal): Promise<void> {
    let [said, saidAt] = ["", 0];
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = LOOK_EVERY_MS) {
      await sleep(pauseMs, undefined, { signal: over }).catch(() => {});
      const activity = over.aborted ? undefined : await this.#look();
      if (over.aborted) return;
      if (!activity) continue;
      this.waitsFor = activity.waitsFor;
      const { topic, line } = activity;
      if (!line || (topic === said && Date.now() - saidAt < REPORT_EVERY_MS)) continue;
      [said, saidAt] = [topic, Date.now()];
      this.report(`${what}: ${line}`);
    }
  }

  /** After a failure it is tried anew, since what failed may be over. */
  async #look(): Promise<SessionActivity | undefined> {
    this.#observer ??= this.#connect();
    const observer = await this.#observer;
    try {
      if (observer) return await readActivity(observer, this.pid);
    } catch {
      await observer?.end().catch(() => {});
    }
    this.#observer = undefined;
    return undefined;
  }

  /** The account may have no second connection. */
  async #connect(): Promise<DatabaseClient | undefined> {
    const client = this.open();
    try {
      await client.connect();
      return client;
    } catch {
      return undefined;
    }
  }
}
