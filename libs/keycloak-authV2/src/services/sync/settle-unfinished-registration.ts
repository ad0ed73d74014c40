import type { KeycloakProfile, Registration } from "@libs/database";
import { UnfinishedRegistrationError } from "@libs/database";
import { AuthError } from "../../errors/index.ts";
import { markOf } from "./find-marked-user.ts";
import { profileOf, withCollisionResolved } from "./resolve-collision.ts";
import type { SyncDeps } from "./sync-deps.ts";

/**
 * Runs a write that inserts a user where it is not known. The write itself refuses while a registration of that name is
 * not finished; then it is found out whose that is, and the write is tried once more.
 * @param write gets `ignoreUnfinished` for its second try
 * @param options.complete whether a registration of this very user may be completed: its person has just logged in
 * @throws AuthError `registration.recovering` while this user's registration is not finished, or is being undone
 */
export async function withRegistrationSettled<T>(
  deps: SyncDeps,
  profile: KeycloakProfile,
  write: (ignoreUnfinished: boolean) => Promise<T>,
  options: { complete: boolean },
): Promise<T> {
  try {
    return await write(false);
  } catch (error) {
    if (!(error instanceof UnfinishedRegistrationError)) throw error;
    await settleUnfinishedRegistration(deps, profile.id, options);
    return await write(true);
  }
}

/**
 * Settles the registration that made a Keycloak user who is not known here. Another's registration of the same name does
 * not matter: the user's own mark tells.
 * @throws AuthError `registration.recovering` when the user may not be inserted now
 */
export async function settleUnfinishedRegistration(
  deps: SyncDeps,
  userId: string,
  { complete }: { complete: boolean },
): Promise<void> {
  const user = await deps.keycloak.getUser(userId);
  const mark = user ? markOf(user) : undefined;
  const row = mark === undefined ? null : await deps.registrations.findById(mark);
  if (!user || !row || isSettled(row)) return;
  if (row.state === "pending" && complete) {
    const profile = profileOf(user);
    const write = () => deps.registrations.complete(row.id, profile, deps.now());
    if (await withCollisionResolved(deps, profile, write)) {
      deps.logger.info({ registrationId: row.id, userId }, "registration completed by a login of its user");
      return;
    }
    if ((await deps.registrations.findById(row.id))?.state === "completed") return;
  }
  deps.wake("registrations");
  throw new AuthError("registration.recovering");
}

/** Completed, or so long undone that nothing of it is looked for any more: a user with its mark is there for another reason. */
function isSettled({ state, nextAttemptAt }: Registration): boolean {
  return state === "completed" || ((state === "failed" || state === "undone") && nextAttemptAt === null);
}
