import type { DatedUser } from "@libs/database";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { type ReadByIdDeps, readById } from "../../services/bulk/read-by-id.ts";
import { ReadPace } from "../../services/bulk/read-pace.ts";
import { ScanReader, type ScanReaderPorts } from "../../services/bulk/scan-reader.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import { type AskAboutDeps, askAbout } from "./ask-about.ts";
import { type CompareWithLocalDeps, compareWithLocal } from "./compare-with-local.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import type { Suspect } from "./report-differences.ts";

type IsOnlyCachedDeps = { keycloak: Pick<KeycloakUserRepository, "getUsers" | "searchUsers"> } & AskAboutDeps;

type ForgetCachedDeps = Pick<SyncDeps, "logger"> & {
  keycloak: Pick<KeycloakUserRepository, "getUsers" | "signOutUser">;
} & AskAboutDeps;

/** For {@link settleUnlisted}. */
export type SettleUnlistedDeps = {
  keycloak: Pick<KeycloakUserRepository, "usersACall">;
} & ReadByIdDeps &
  IsOnlyCachedDeps &
  ForgetCachedDeps &
  CompareWithLocalDeps;

/** For {@link settleHiddenDisabled}. */
export type SettleHiddenDisabledDeps = ScanReaderPorts & ForgetCachedDeps;

/**
 * Local users whom Keycloak's list of their time lacks: gone, or created at another time, or deleted in its database
 * behind its back. Of the last kind Keycloak's cache still answers by id; it is made to read its database first.
 * @returns who differs
 */
export async function settleUnlisted(
  run: ReconcileRun<SettleUnlistedDeps>,
  unlisted: readonly (Pick<DatedUser, "id"> & Partial<DatedUser>)[],
): Promise<Suspect[]> {
  const { deps } = run;
  const times = new Map(unlisted.map(({ id, createdAt }) => [id, createdAt?.getTime()]));
  // The witness comes along with each.
  run.called(Math.ceil(times.size / Math.max(1, (await deps.keycloak.usersACall()) - 1)));
  const { found, unreadable } = await readById(run, [...times.keys()]);
  // Of a list of everybody, no time is known: anybody may have come to it, or been renamed, since it was read.
  const belongs = ({ id, createdAt }: KeycloakUser) => {
    const time = times.get(id);
    return time === undefined || createdAt?.getTime() === time;
  };
  const suspects: Suspect[] = [];
  const others: KeycloakUser[] = [];
  for (const id of times.keys()) {
    const user = found.get(id);
    if (unreadable.has(id)) continue;
    if (!user) suspects.push({ id, missing: null });
    else if (belongs(user) && (await isOnlyCached(run, user))) {
      await forgetCached(run, user);
      suspects.push({ id, missing: null });
    } else others.push(user);
  }
  return [...suspects, ...(await compareWithLocal(deps, others))];
}

/**
 * Users of a time, or of any, who are disabled in Keycloak's database and shown as enabled by its cache. It is made to read its
 * database, which ends their sessions there: they may not have any.
 * @returns who they are
 */
export async function settleHiddenDisabled(
  run: ReconcileRun<SettleHiddenDisabledDeps>,
  span: { from: number; to: number } | null,
): Promise<Suspect[]> {
  const { deps, retry } = run;
  const pace = new ReadPace({ concurrency: 1 });
  const reader = new ScanReader({ ...deps, pace, retry }, { search: "*", enabled: false }, run.pageSize);
  const suspects: Suspect[] = [];
  run.called();
  const lists = await reader.readSlice(span, 0, true);
  run.called(lists.length - 1);
  for (const user of lists.flatMap(({ users }) => users).filter(({ enabled }) => enabled)) {
    await forgetCached(run, user);
    suspects.push({ id: user.id, missing: null });
  }
  return suspects;
}

/** Lists are of the database's rows, whatever the cache holds. */
async function isOnlyCached(run: ReconcileRun<IsOnlyCachedDeps>, { id, username }: KeycloakUser): Promise<boolean> {
  // A federation's users are rows elsewhere.
  if (id.startsWith("f:")) return false;
  run.called();
  const { keycloak } = run.deps;
  const others = () => keycloak.getUsers([run.witnessId]);
  const rows = await askAbout(run, id, () => keycloak.searchUsers({ username, exact: true }), others);
  return rows !== null && !rows.some((row) => row.id === id);
}

async function forgetCached(run: ReconcileRun<ForgetCachedDeps>, { id }: KeycloakUser): Promise<void> {
  const { keycloak, logger } = run.deps;
  run.called();
  const done = await askAbout(
    run,
    id,
    () => keycloak.signOutUser(id),
    () => keycloak.getUsers([run.witnessId]),
  );
  if (done === null) return;
  logger.warn({ userId: id }, "Keycloak's cache hid a change of its database: the user was signed out there");
}
