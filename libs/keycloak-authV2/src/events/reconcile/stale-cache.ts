import type { DatedUser } from "@libs/database";
import type { KeycloakUser } from "../../ports.ts";
import { readById } from "../../services/bulk/read-by-id.ts";
import { compareWithLocal } from "./compare-with-local.ts";
import type { ReconcileRun } from "./reconcile-deps.ts";
import type { Suspect } from "./report-differences.ts";

/**
 * Local users whom Keycloak's list of their time lacks: gone, or created at another time, or deleted in its database
 * behind its back. Of the last kind Keycloak's cache still answers by id; it is made to read its database first.
 * @returns who differs
 */
export async function settleUnlisted(run: ReconcileRun, unlisted: readonly DatedUser[]): Promise<Suspect[]> {
  const { deps } = run;
  const times = new Map(unlisted.map(({ id, createdAt }) => [id, createdAt.getTime()]));
  run.called(Math.ceil(times.size / 49));
  const { found, unreadable } = await readById(run, [...times.keys()]);
  const suspects: Suspect[] = [];
  const moved: KeycloakUser[] = [];
  for (const id of times.keys()) {
    const user = found.get(id);
    if (unreadable.has(id)) continue;
    if (!user) suspects.push({ id, missing: null });
    else if (user.createdAt?.getTime() !== times.get(id)) moved.push(user);
    else if (await isOnlyCached(run, user)) {
      await forgetCached(run, user);
      suspects.push({ id, missing: null });
    }
  }
  return [...suspects, ...(await compareWithLocal(deps, moved))];
}

/**
 * Users of a time who are disabled in Keycloak's database and shown as enabled by its cache. It is made to read its
 * database, which ends their sessions there: they may not have any.
 * @returns who they are
 */
export async function settleHiddenDisabled(run: ReconcileRun, span: { from: number; to: number }): Promise<Suspect[]> {
  const { keycloak } = run.deps;
  const search = { search: "*", createdAfter: new Date(span.from), createdBefore: new Date(span.to), enabled: false };
  const suspects: Suspect[] = [];
  for (let first = 0; ; first += run.pageSize) {
    run.called();
    const page = await keycloak.searchUsers({ ...search, first, max: run.pageSize });
    for (const user of page.filter(({ enabled }) => enabled)) {
      await forgetCached(run, user);
      suspects.push({ id: user.id, missing: null });
    }
    if (page.length < run.pageSize) return suspects;
  }
}

/** Lists are of the database's rows, whatever the cache holds. */
async function isOnlyCached(run: ReconcileRun, { id, username }: KeycloakUser): Promise<boolean> {
  // A federation's users are rows elsewhere.
  if (id.startsWith("f:")) return false;
  run.called();
  const rows = await run.deps.keycloak.searchUsers({ username, exact: true });
  return !rows.some((row) => row.id === id);
}

async function forgetCached(run: ReconcileRun, { id }: KeycloakUser): Promise<void> {
  const { keycloak, logger } = run.deps;
  run.called();
  await keycloak.signOutUser(id);
  logger.warn({ userId: id }, "Keycloak's cache hid a change of its database: the user was signed out there");
}
