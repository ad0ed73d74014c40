import type { ScanRepository } from "@libs/database";
import { z } from "zod";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { ReadPace } from "../../services/bulk/read-pace.ts";
import { scanList } from "../../services/bulk/scan-list.ts";
import { ScanReader, type ScanReaderPorts } from "../../services/bulk/scan-reader.ts";
import { ServiceAccounts } from "../../services/shared/service-accounts.ts";
import { type AskAboutDeps, askAbout } from "./ask-about.ts";
import { type CompareWithLocalDeps, compareWithLocal } from "./compare-with-local.ts";
import type { CountDifference } from "./count-users.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { type ReportUsersDeps, reportUsers } from "./report-differences.ts";
import type { Round } from "./round.ts";
import {
  type SettleHiddenDisabledDeps,
  type SettleUnlistedDeps,
  settleHiddenDisabled,
  settleUnlisted,
} from "./stale-cache.ts";

/** For {@link reconcileListed}. */
export type ReconcileListedDeps = {
  scans: Pick<ScanRepository, "markSeen" | "countUnseen" | "listUnseen" | "forgetSeenBy">;
  keycloak: Pick<KeycloakUserRepository, "getUsers" | "usersACall">;
} & ScanReaderPorts &
  AskAboutDeps &
  CompareWithLocalDeps &
  ReportUsersDeps &
  SettleUnlistedDeps &
  SettleHiddenDisabledDeps;

const positionSchema = z.object({
  /** `listed`: Keycloak's list, by offset; `unlisted`: local users who were not in it, by id. */
  phase: z.enum(["listed", "unlisted"]),
  place: z
    .object({
      first: z.number(),
      read: z.number(),
      pass: z.number(),
      missing: z.number(),
      anchors: z.array(z.string()),
    })
    .nullable(),
  /** Local users are looked through up to this id. */
  after: z.string(),
  /** The list was read twice: who was seen the first time had been forgotten. */
  again: z.boolean(),
});

type Position = z.infer<typeof positionSchema>;

/** Under which it is kept who was in the list: of the rounds, and of passes that counting has started. */
const SEEN_BY_ROUND = "6f1f0a52-5d0c-4a4e-9a0e-1b0f7c1d0001";
const SEEN_BY_PASS = "6f1f0a52-5d0c-4a4e-9a0e-1b0f7c1d0002";

/** Calls of a step. */
const CALLS_AT_ONCE = 4;

/** Whether a round reads Keycloak's users as one list. */
export function isListed(position: unknown): boolean {
  return positionSchema.safeParse(position).success;
}

/** Where such a round is, as a text that grows: for the ages of what it has compared. Undefined: it is another kind. */
export function listedKey(position: unknown): string | undefined {
  const { data } = positionSchema.safeParse(position);
  if (!data) return undefined;
  return data.phase === "listed"
    ? `listed ${String(data.place?.first ?? 0).padStart(12, "0")}`
    : `unlisted ${data.after}`;
}

/**
 * Compares all users once, both ways, where Keycloak ignores times of creation: each page of its list with the rows here,
 * then the rows of those who were on no page with Keycloak, by id.
 * @param counted what the counts differ by, where they are why
 * @returns a generator of steps, each of which leaves `round` at a place to go on from
 */
export async function* reconcileListed(
  run: ReconcileRun<ReconcileListedDeps>,
  round: Round,
  counted: CountDifference | null,
): AsyncGenerator<void> {
  const { deps, retry } = run;
  const { scans } = deps;
  const seenBy = counted ? SEEN_BY_PASS : SEEN_BY_ROUND;
  const begin: Position = { phase: "listed", place: null, after: "", again: false };
  const position = positionSchema.safeParse(round.position).data ?? begin;
  const store = (change: Partial<Position>) => {
    round.position = Object.assign(position, change);
  };
  const report = async (suspects: Parameters<typeof reportUsers>[1]) => {
    round.found += await reportUsers(deps, suspects);
  };
  if (position.phase === "listed") yield* listed();
  yield* unlisted();
  await scans.forgetSeenBy(seenBy);

  async function* listed(): AsyncGenerator<void> {
    if (position.place === null) await scans.forgetSeenBy(seenBy);
    const reader = new ScanReader({ ...deps, pace: new ReadPace({ concurrency: 1 }), retry }, {}, run.pageSize);
    const accounts = new ServiceAccounts(deps.keycloak);
    const others = () => deps.keycloak.getUsers([run.witnessId]);
    const isPerson = async (user: KeycloakUser) =>
      (await askAbout(run, user.id, () => accounts.has(user), others)) === false;
    // Counts at the beginning and the end are the list's own two calls.
    run.called(2);
    for await (const { lists, place } of scanList(reader, position.place, 0)) {
      run.called();
      const people: KeycloakUser[] = [];
      for (const user of lists.flatMap(({ users }) => users)) if (await isPerson(user)) people.push(user);
      await report(await compareWithLocal(deps, people));
      const ids = people.map(({ id }) => id);
      if (ids.length > 0) await scans.markSeen(seenBy, ids);
      round.done += people.length;
      store({ place });
      yield;
    }
    if (counted?.enabled) await report(await settleHiddenDisabled(run, null));
    const { unseen, live } = await scans.countUnseen(seenBy);
    // Another run has made all forget whom it saw: to read the list again is less than everybody by id.
    const isForgotten = !position.again && unseen > run.pageSize && unseen > live / 2;
    store(isForgotten ? { place: null, again: true } : { phase: "unlisted" });
    yield;
    if (isForgotten) yield* listed();
  }

  async function* unlisted(): AsyncGenerator<void> {
    const atOnce = CALLS_AT_ONCE * Math.max(1, (await deps.keycloak.usersACall()) - 1);
    for (;;) {
      const batch = await scans.listUnseen(seenBy, position.after, atOnce);
      const last = batch.at(-1);
      if (!last) return;
      await report(await settleUnlisted(run, batch));
      store({ after: last.id });
      yield;
    }
  }
}
