import type { AppliedProfile, KeycloakProfile, UserRepository } from "@libs/database";
import type { SyncDeps } from "../shared/sync-deps.ts";
import {
  type ApplyReadDeps,
  applyRead,
  type EndStaleSessionsDeps,
  endStaleSessions,
  type ReadUsersDeps,
  type Reconciliation,
  readUsers,
  type UserRead,
} from "./apply-read.ts";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "./own-registration.ts";
import {
  isFailure,
  NAME_COLLISION,
  RECOVERING,
  type ReconcileFailure,
  type ReconcileOutcome,
} from "./reconcile-outcome.ts";
import { type RemoveAbsentUsersDeps, removeAbsentUsers } from "./remove-absent-users.ts";

/** Whose name it is that is not free: the registration's, or another row's. */
type WhoseRegistrationDeps = OwnRegistrationDeps & Pick<SyncDeps, "wake">;

type ResolveCollisionsDeps = ReadUsersDeps &
  ApplyReadDeps &
  RemoveAbsentUsersDeps & { users: Pick<UserRepository, "findHolders"> };

/** For {@link reconcileOnce}. */
export type ReconcileOnceDeps = WhoseRegistrationDeps & ResolveCollisionsDeps & EndStaleSessionsDeps;

type Outcomes = Map<string, ReconcileOutcome>;

/** Rows that hold up each other's names in a chain are followed so far. */
const MOST_ROUNDS = 5;

/**
 * One read of Keycloak and what it changes here.
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function reconcileOnce(
  reconciliation: Reconciliation<ReconcileOnceDeps>,
  ids: readonly string[],
): Promise<Outcomes> {
  const read = await readUsers(reconciliation, ids);
  const outcomes: Outcomes = await removeAbsentUsers(reconciliation, read);
  for (const id of read.serviceAccounts) outcomes.set(id, { outcome: "absent", enabled: false });
  const applied = await applyRead(reconciliation, read.present, read.ticket);
  const outcomeIs = (wanted: string) => read.present.filter(({ id }) => applied.get(id)?.outcome === wanted);
  const { own, free } = await whoseRegistration(reconciliation, outcomeIs("unfinished"));
  const later = await applyRead(reconciliation, free, read.ticket, { ignoreUnfinished: free.map(({ id }) => id) });
  for (const [id, outcome] of later) applied.set(id, outcome);
  record(outcomes, read, applied);
  await endStaleSessions(reconciliation, read);
  for (const [id, failure] of own) outcomes.set(id, failure);
  const collided = outcomeIs("collision");
  if (collided.length === 0) return outcomes;
  return new Map([...outcomes, ...(await resolveCollisions(reconciliation, collided, free))]);
}

/** Who of those that may not be inserted are made by the unfinished registration itself, and who only share its name. */
async function whoseRegistration({ deps }: Reconciliation<WhoseRegistrationDeps>, profiles: KeycloakProfile[]) {
  const own = new Map<string, ReconcileFailure>();
  const free: KeycloakProfile[] = [];
  for (const profile of profiles) {
    const found = await unfinishedRegistrationOf(deps, profile.id);
    // One that is parked is not waited for: an operator decides, and replays.
    if (found) own.set(profile.id, { error: RECOVERING, own: found.row.parkedAt !== null });
    else free.push(profile);
  }
  if (own.size > 0) deps.wake("registrations");
  return { own, free };
}

/** Reads those who hold the names too, who may have changed or gone, and applies all of it together. */
async function resolveCollisions(
  reconciliation: Reconciliation<ResolveCollisionsDeps>,
  collided: KeycloakProfile[],
  free: KeycloakProfile[],
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const ids = new Set(collided.map(({ id }) => id));
  const ignoreUnfinished = free.map(({ id }) => id);
  let open = collided;
  let cause: ReconcileOutcome = { error: NAME_COLLISION, own: true };
  for (let round = 0; round < MOST_ROUNDS && open.length > 0; round += 1) {
    const known = ids.size;
    for (const { id } of await reconciliation.deps.users.findHolders(open)) ids.add(id);
    if (round > 0 && ids.size === known) break;
    const read = await readUsers(reconciliation, [...ids]);
    const removed = await removeAbsentUsers(reconciliation, read);
    for (const [id, outcome] of removed) outcomes.set(id, outcome);
    // Who can't be removed yet keeps the names: that is waited for.
    cause = [...removed.values()].find(isFailure) ?? cause;
    const applied = await applyRead(reconciliation, read.present, read.ticket, { ignoreUnfinished });
    open = read.present.filter(({ id }) => applied.get(id)?.outcome === "collision");
    record(outcomes, read, applied);
  }
  for (const { id } of open) outcomes.set(id, cause);
  return outcomes;
}

/** What is decided; collisions are not yet. */
function record(outcomes: Outcomes, { present }: UserRead, applied: Map<string, AppliedProfile>): void {
  for (const { id, enabled } of present) {
    const outcome = applied.get(id)?.outcome;
    if (outcome === "unfinished") outcomes.set(id, { error: RECOVERING, own: false });
    else if (outcome && outcome !== "collision") outcomes.set(id, { outcome, enabled });
  }
}
