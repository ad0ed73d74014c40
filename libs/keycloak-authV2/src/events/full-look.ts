import { z } from "zod";
import { toAuthError } from "../services/sync/database-failure.ts";
import type { FeedDeps } from "./feed-deps.ts";
import type { ProblemBoard } from "./problem-board.ts";

type FullLookDeps = Pick<FeedDeps, "feed" | "keycloak" | "users" | "syncRuns" | "now" | "logger" | "wake"> & {
  problems: ProblemBoard;
};

const KIND = "full_look";
const PAGE = 500;
/** Pages overlap, so that users who are deleted meanwhile push none past a page's edge. */
const OVERLAP = 50;
const RETRY_MS = 5_000;

const positionSchema = z.object({ hinted: z.boolean().default(false), first: z.number().default(0) });

/**
 * Looks at everybody: hints for every user that is known here, and for those of Keycloak's that are not. For when events
 * were lost. Kept as a run in the database, so that another process goes on with it; doing it twice is harmless.
 */
export class FullLook {
  #starting: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  readonly #stop = Promise.withResolvers<void>();
  #stopped = false;
  /** It begins anew before it ends. */
  #again = false;

  constructor(private readonly deps: FullLookDeps) {}

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves once it is written down, and goes on by itself. @throws DatabaseError */
  start(reason: string): Promise<void> {
    this.#starting ??= this.#start(reason).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Goes on with one that another process left. @throws DatabaseError */
  async resume(): Promise<void> {
    const { syncRuns } = this.deps;
    if (this.#starting || this.#running || this.#stopped) return;
    const run = await syncRuns.findRunning(KIND);
    if (run && !this.#starting && !this.#running) this.#begin(run.id);
  }

  /** Resolves when none is under way in this process. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Leaves the rest to the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop.resolve();
    await this.#running;
  }

  async #start(reason: string): Promise<void> {
    const { syncRuns, now, logger } = this.deps;
    if (this.#stopped) return;
    const run = await syncRuns.begin(KIND, now());
    // One that is under way has looked at some before this loss.
    await syncRuns.save(run.id, {}, {}, now());
    this.#again = this.#running !== undefined;
    logger.warn({ runId: run.id, reason }, "every user is looked at again");
    if (!this.#running) this.#begin(run.id);
  }

  #begin(runId: string): void {
    const { problems } = this.deps;
    problems.tell("full_look_running");
    this.#running = this.#run(runId).finally(() => {
      this.#running = undefined;
      problems.clear("full_look_running");
    });
  }

  /** Never rejects: an outage is waited for. */
  async #run(runId: string): Promise<void> {
    const { syncRuns, now, logger } = this.deps;
    for (let told = false; !this.#stopped; ) {
      try {
        const counts = await this.#walk(runId);
        if (!counts) return;
        if (this.#again) {
          this.#again = false;
          await syncRuns.save(runId, {}, {}, now());
          continue;
        }
        await syncRuns.finish(runId, null, now());
        logger.info({ runId, ...counts }, "every user was looked at");
        return;
      } catch (error) {
        if (!told) logger.warn({ runId, code: toAuthError(error).code }, "looking at every user goes on when it can");
        told = true;
        await Promise.race([Bun.sleep(RETRY_MS), this.#stop.promise]);
      }
    }
  }

  /** @returns null when it was stopped */
  async #walk(runId: string): Promise<Record<string, number> | null> {
    const { feed, keycloak, syncRuns, now, wake } = this.deps;
    const run = await syncRuns.findRunning(KIND);
    // Another process has done the rest.
    if (run?.id !== runId) return null;
    const position = positionSchema.parse(run.position ?? {});
    const counts: Record<string, number> = { known: 0, seen: 0, missing: 0, ...run.counts };
    if (!position.hinted) {
      counts["known"] = await feed.hintAllUsers("full_look", now());
      await syncRuns.save(runId, { hinted: true, first: 0 }, counts, now());
      wake("hints");
    }
    for (let { first } = position; !this.#stopped; first += PAGE - OVERLAP) {
      const users = await keycloak.searchUsers({ first, max: PAGE });
      counts["missing"] = (counts["missing"] ?? 0) + (await this.#hintUnknown(users.map(({ id }) => id)));
      counts["seen"] = first + users.length;
      await syncRuns.save(runId, { hinted: true, first }, counts, now());
      if (users.length < PAGE) return counts;
    }
    return null;
  }

  async #hintUnknown(ids: string[]): Promise<number> {
    const { users, feed, now, wake } = this.deps;
    const live = new Set(
      (await users.findByIds(ids)).filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id),
    );
    const unknown = ids.filter((id) => !live.has(id));
    if (unknown.length === 0) return 0;
    const hint = { kind: "user", source: "full_look", changedAt: null } as const;
    await feed.addHints(
      unknown.map((subject) => ({ ...hint, subject })),
      now(),
    );
    wake("hints");
    return unknown.length;
  }
}
