import type { ReconcileRepository } from "@libs/database";
import { z } from "zod";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { LATEST_MS } from "../../services/bulk/created-windows.ts";
import { type ReadByIdDeps, readById } from "../../services/bulk/read-by-id.ts";
import { ReadPace } from "../../services/bulk/read-pace.ts";
import { type ScanPorts, scanKeycloakUsers } from "../../services/bulk/scan-keycloak-users.ts";
import { scanStart } from "../../services/bulk/scan-position.ts";
import { ScanReader } from "../../services/bulk/scan-reader.ts";
import { chunk } from "../../services/shared/chunk.ts";
import { ServiceAccounts } from "../../services/shared/service-accounts.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import { type AskAboutDeps, askAbout } from "./ask-about.ts";
import { type CompareWithLocalDeps, compareWithLocal } from "./compare-with-local.ts";
import { type CountDifference, type SpanAgreesDeps, spanAgrees } from "./count-users.ts";
import { isListed, listedKey, type ReconcileListedDeps, reconcileListed } from "./reconcile-listed.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { type ReportUsersDeps, reportUsers, type Suspect } from "./report-differences.ts";
import type { Round } from "./round.ts";
import {
  type SettleHiddenDisabledDeps,
  type SettleUnlistedDeps,
  settleHiddenDisabled,
  settleUnlisted,
} from "./stale-cache.ts";
import { type Span, type UserPagesDeps, userPages } from "./user-pages.ts";

interface SomeHaveNoTimeDeps {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
}

type CompareUnlistedDeps = { reconcile: Pick<ReconcileRepository, "listCreatedBetween"> } & SettleUnlistedDeps;

type ReconcileByTimeDeps = Pick<SyncDeps, "now"> & {
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
  reconcile: Pick<ReconcileRepository, "listUndated">;
} & ScanPorts &
  ReadByIdDeps &
  AskAboutDeps &
  UserPagesDeps &
  SpanAgreesDeps &
  CompareWithLocalDeps &
  CompareUnlistedDeps &
  SettleHiddenDisabledDeps &
  SomeHaveNoTimeDeps &
  ReportUsersDeps;

/** For {@link compareAllUsers}. */
export type CompareAllUsersDeps = {
  keycloak: Pick<KeycloakUserRepository, "takesCreatedTimes">;
} & ReconcileByTimeDeps &
  ReconcileListedDeps;

const positionSchema = z.object({
  /** `undated`: local users whose created time is not known; `windows`: by created time; `last_pass`: without one. */
  phase: z.enum(["undated", "windows", "last_pass"]),
  /** Local users are looked through up to this id. */
  after: z.string().default(""),
  /** Everybody created until then is compared. */
  through: z.number().default(-1),
  /** Keycloak listed users for times at which they were not created. */
  strays: z.boolean().default(false),
});

type Position = z.infer<typeof positionSchema>;
type Phase = Position["phase"];

/** Those that this reads give most users their created time, so they come first: the rest is few. */
const ORDER: readonly Phase[] = ["windows", "undated", "last_pass"];
/** Spans can be counted here only once everybody has a created time. */
const COUNTED_ORDER: readonly Phase[] = ["undated", "windows", "last_pass"];

const UNDATED_AT_ONCE = 5_000;
/** Calls of one step: as many ids each as an address holds. */
const READ_AT_ONCE = 4 * 49;
/** Where both sides are counted before anybody is read: users a span. */
const COUNTED_AT_ONCE = 2_000;
const LOCAL_AT_ONCE = 1_000;

/** Where a round is, as something that grows: for the ages of what it has compared. Rounds of another kind are at no place of it. */
export function userKey(position: unknown): number | string {
  const listed = listedKey(position);
  if (listed !== undefined) return listed;
  const { data } = positionSchema.safeParse(position);
  if (!data) return -1;
  return data.phase === "windows" ? data.through : LATEST_MS + ORDER.indexOf(data.phase);
}

/** Why users are reconciled before their round. */
export interface Counted {
  /** What the counts differ by. */
  difference: CountDifference;
  /** Whether spans of time in which both sides count the same are to be passed over. */
  bySpans: boolean;
}

/**
 * Compares all users once, both ways, a page at a step: those of Keycloak with the rows here, and the rows here with
 * Keycloak. Whoever differs is handed to the change feed.
 * @param counted null: it is a round
 * @returns a generator of steps, each of which leaves `round` at a place to go on from
 */
export async function* compareAllUsers(
  run: ReconcileRun<CompareAllUsersDeps>,
  round: Round,
  counted: Counted | null,
): AsyncGenerator<void> {
  const { keycloak } = run.deps;
  const byTime = !isListed(round.position) && (await run.retry.run(() => keycloak.takesCreatedTimes()));
  if (byTime) yield* reconcileByTime(run, round, counted?.bySpans ? counted.difference : null);
  else yield* reconcileListed(run, round, counted?.difference ?? null);
}

async function* reconcileByTime(
  run: ReconcileRun<ReconcileByTimeDeps>,
  round: Round,
  counted: CountDifference | null,
): AsyncGenerator<void> {
  const { deps, retry } = run;
  const order = counted ? COUNTED_ORDER : ORDER;
  const position = positionSchema.parse(round.position ?? { phase: order[0] });
  const store = (change: Partial<Position>) => {
    round.position = Object.assign(position, change);
  };
  const report = async (suspects: Suspect[]) => {
    round.found += await reportUsers(deps, suspects);
  };
  const phases: Record<Phase, () => AsyncGenerator<void>> = { undated, windows, last_pass: lastPass };
  for (const phase of order.slice(order.indexOf(position.phase))) {
    store({ phase });
    yield* phases[phase]();
  }

  async function* undated(): AsyncGenerator<void> {
    for (;;) {
      const { ids, last } = await deps.reconcile.listUndated(position.after, UNDATED_AT_ONCE);
      if (last === null) return;
      for (const batch of chunk(ids, READ_AT_ONCE)) {
        run.called(Math.ceil(batch.length / 49));
        const { found, unreadable } = await readById(run, batch);
        await report(await compareWithLocal(deps, [...found.values()]));
        const absent = batch.filter((id) => !found.has(id) && !unreadable.has(id));
        await report(absent.map((id) => ({ id, missing: null })));
        yield;
      }
      store({ after: last });
      yield;
    }
  }

  async function* windows(): AsyncGenerator<void> {
    const pace = new ReadPace({ concurrency: 1 });
    const reader = new ScanReader({ ...deps, pace, retry }, {}, run.pageSize);
    const accounts = new ServiceAccounts(deps.keycloak);
    const others = () => deps.keycloak.getUsers([run.witnessId]);
    const isPerson = async (user: KeycloakUser) =>
      (await askAbout(run, user.id, () => accounts.has(user), others)) === false;
    const agree = counted ? (span: Span) => spanAgrees(run, span, counted) : undefined;
    const spanSize = counted ? COUNTED_AT_ONCE : run.pageSize;
    const pages = userPages(run, reader, { through: position.through, spanSize, ...(agree && { agree }) });
    let seen = new Set<string>();
    for await (const { users, window, last, skipped } of pages) {
      const within = users.filter((user) => isWithin(user, window));
      if (within.length < users.length) store({ strays: true });
      const people: KeycloakUser[] = [];
      for (const user of within) if (await isPerson(user)) people.push(user);
      await report(await compareWithLocal(deps, people));
      for (const { id } of within) seen.add(id);
      round.done += skipped ?? people.length;
      if (!last) {
        yield;
        continue;
      }
      if (skipped === undefined) {
        await report(await compareUnlisted(run, window, seen));
        if (counted?.enabled) await report(await settleHiddenDisabled(run, window));
      }
      seen = new Set();
      store({ through: window.to });
      yield;
    }
  }

  async function* lastPass(): AsyncGenerator<void> {
    if (!position.strays && !(await someHaveNoTime(run))) return;
    const scan = { ...scanStart, phase: "last_pass" as const, through: LATEST_MS, strays: true };
    const options = { pageSize: run.pageSize, concurrency: 1, position: scan, now: deps.now };
    for await (const { users } of scanKeycloakUsers({ ...deps, retry }, options)) {
      run.called();
      await report(await compareWithLocal(deps, users));
      yield;
    }
  }
}

/** Local users of a window that Keycloak did not list in it. */
async function compareUnlisted(
  run: ReconcileRun<CompareUnlistedDeps>,
  window: Span,
  seen: ReadonlySet<string>,
): Promise<Suspect[]> {
  const { reconcile } = run.deps;
  const [from, to] = [new Date(window.from), new Date(window.to)];
  const suspects: Suspect[] = [];
  for (let after = null; ; ) {
    const page = await reconcile.listCreatedBetween(from, to, after, LOCAL_AT_ONCE);
    const unlisted = page.filter(({ id }) => !seen.has(id));
    if (unlisted.length > 0) suspects.push(...(await settleUnlisted(run, unlisted)));
    if (page.length < LOCAL_AT_ONCE) return suspects;
    after = page.at(-1) ?? null;
  }
}

/** A federation that knows no created time may list its users for any. */
function isWithin({ createdAt }: KeycloakUser, { from, to }: Span): boolean {
  const at = createdAt?.getTime();
  return at !== undefined && from <= at && at <= to;
}

async function someHaveNoTime({ deps: { keycloak }, called }: ReconcileRun<SomeHaveNoTimeDeps>): Promise<boolean> {
  called(2);
  const dated = await keycloak.countUsers({
    search: "*",
    createdAfter: new Date(0),
    createdBefore: new Date(LATEST_MS),
  });
  return (await keycloak.countUsers({ search: "*" })) > dated;
}
