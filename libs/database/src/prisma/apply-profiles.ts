import { mapDatabaseError, TransactionConflictError, UniqueViolationError } from "@libs/postgres";
import type { KeycloakTicket } from "../ports/feed-repository.ts";
import { changedFields, eventsOfChange, keycloakFields } from "../ports/profile-change.ts";
import { shareNames } from "../ports/share-names.ts";
import type { AppliedProfile, ApplyOptions, KeycloakProfile, ProfileOutcome } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { noticeTable, recordNotices } from "./record-notices.ts";
import { takeOverGrantsOf } from "./take-over-grants.ts";
import { type KnownUser, lockUsers, readNames, readUsers, type Transaction, writeUsers } from "./user-rows.ts";

/** Races with other writers are rare, and each try sees what the one before met. */
const MOST_TRIES = 3;
const TRANSACTION_LIMITS = { maxWait: 2_000, timeout: 10_000 };

interface Reading {
  ticket: KeycloakTicket;
  now: Date;
  ignoreUnfinished: ReadonlySet<string>;
  /** For who is new here a notice is recorded too. */
  notices: boolean;
}

/**
 * See {@link UserRepository.applyProfiles}. Rows are locked in the order of their ids, then compared, then written; what
 * no lock holds back, a parallel insert of the same user or name, is met as a violation: all is undone and tried again,
 * and in the end one by one, so that one user's bad luck never costs the others theirs.
 *
 * The number moves on rows that agree too. Else a slow read of an older state, begun before this one, would be taken for
 * news.
 */
export async function applyProfiles(
  prisma: PrismaClient,
  profiles: readonly KeycloakProfile[],
  ticket: KeycloakTicket,
  now: Date,
  { ignoreUnfinished = [], leaveUnchanged = false }: ApplyOptions = {},
): Promise<AppliedProfile[]> {
  const batch = [...new Map(profiles.map((profile) => [profile.id, profile])).values()];
  const agreed = leaveUnchanged ? await findAgreeing(prisma, batch, ticket) : new Set<string>();
  const rest = batch.filter(({ id }) => !agreed.has(id));
  const reading = { ticket, now, ignoreUnfinished: new Set(ignoreUnfinished), notices: !leaveUnchanged };
  const applied = await applyWithRetries(prisma, rest, reading);
  return batch.map(({ id }) => ({ id, outcome: applied.get(id) ?? "unchanged" }));
}

async function findAgreeing(prisma: PrismaClient, batch: readonly KeycloakProfile[], ticket: KeycloakTicket) {
  const known = await readUsers(prisma, idsOf(batch), ticket).catch((error) => {
    throw mapDatabaseError(error);
  });
  return new Set(idsOf(batch.filter((profile) => outcomeOf(known.get(profile.id), profile) === "unchanged")));
}

async function applyWithRetries(
  prisma: PrismaClient,
  batch: readonly KeycloakProfile[],
  reading: Reading,
): Promise<Map<string, ProfileOutcome>> {
  if (batch.length === 0) return new Map();
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const applied = await tryApply(prisma, batch, reading);
    if (applied) return applied;
  }
  if (batch.length === 1) return new Map(batch.map(({ id }) => [id, "collision"]));
  const alone = new Map<string, ProfileOutcome>();
  for (const profile of batch)
    for (const [id, outcome] of await applyWithRetries(prisma, [profile], reading)) alone.set(id, outcome);
  return alone;
}

/** @returns undefined when another writer came between (nothing is written) */
async function tryApply(
  prisma: PrismaClient,
  batch: readonly KeycloakProfile[],
  reading: Reading,
): Promise<Map<string, ProfileOutcome> | undefined> {
  try {
    return await prisma.$transaction((tx) => applyInTransaction(tx, batch, reading), TRANSACTION_LIMITS);
  } catch (error) {
    const mapped = mapDatabaseError(error);
    if (mapped instanceof UniqueViolationError || mapped instanceof TransactionConflictError) return undefined;
    throw mapped;
  }
}

async function applyInTransaction(
  tx: Transaction,
  batch: readonly KeycloakProfile[],
  { ticket, now, ignoreUnfinished, notices }: Reading,
): Promise<Map<string, ProfileOutcome>> {
  const known = await lockUsers(tx, idsOf(batch), ticket);
  const outcomes = new Map(batch.map((profile) => [profile.id, outcomeOf(known.get(profile.id), profile)]));
  const differing = batch.filter(({ id }) => !["stale", "unchanged"].includes(outcomes.get(id) as string));

  const named = differing.length > 0 ? await readNames(tx, differing) : [];
  for (const { id, unfinished } of named)
    if (unfinished && outcomes.get(id) === "inserted" && !ignoreUnfinished.has(id)) outcomes.set(id, "unfinished");
  const { collisions, givers } = shareNames(named.filter(({ id }) => outcomes.get(id) !== "unfinished"));
  for (const id of collisions) outcomes.set(id, "collision");

  const writes = differing.filter(({ id }) => !["unfinished", "collision"].includes(outcomes.get(id) as string));
  await writeUsers(tx, {
    writes: writes.map((profile) => ({
      id: profile.id,
      ...keycloakFields(profile),
      known: known.has(profile.id),
      events: eventsOfChange(liveState(known.get(profile.id)), profile),
    })),
    givers: [...givers],
    unchanged: idsOf(batch.filter(({ id }) => outcomes.get(id) === "unchanged")),
    now,
  });
  const isNew = ({ id }: KeycloakProfile) => ["inserted", "revived"].includes(outcomes.get(id) as string);
  if (notices) await recordNoticesOfNew(tx, writes.filter(isNew), now);
  const verified = writes.filter(({ emailVerified, email }) => emailVerified && email !== null);
  if (verified.length > 0) await takeOverGrantsOf(tx, verified, now);
  return outcomes;
}

/** No ticket keeps a slow read from inserting whom Keycloak has deleted since: whoever is new is reconciled once more. */
async function recordNoticesOfNew(tx: Transaction, profiles: readonly KeycloakProfile[], now: Date): Promise<void> {
  if (profiles.length === 0) return;
  const notice = { kind: "user", source: "login", changedAt: null } as const;
  const added = profiles.map(({ id }) => ({ event: null, notice: { ...notice, subject: id } }));
  await tx.$executeRaw(recordNotices(noticeTable(added, now), now));
}

/** What comes of a profile where its names are free. */
function outcomeOf(known: KnownUser | undefined, profile: KeycloakProfile): ProfileOutcome {
  if (!known) return "inserted";
  if (known.newer) return "stale";
  if (known.gone) return "revived";
  return changedFields(known, profile).length > 0 ? "updated" : "unchanged";
}

function liveState(known: KnownUser | undefined): KnownUser | null {
  return known && !known.gone ? known : null;
}

function idsOf(users: readonly { id: string }[]): string[] {
  return users.map(({ id }) => id);
}
