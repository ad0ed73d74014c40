import type { KeycloakProfile, RegistrationRepository } from "@libs/database";
import { UnfinishedRegistrationError } from "@libs/database";
import { AuthError } from "@libs/problems";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "../reconcile/own-registration.ts";
import { type ResolveCollisionDeps, withCollisionResolved } from "../reconcile/resolve-collision.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link withRegistrationSettled}. */
export type SettleRegistrationDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  registrations: Pick<RegistrationRepository, "complete" | "findById">;
} & OwnRegistrationDeps &
  ResolveCollisionDeps;

/**
 * Runs a write that inserts a user where it is not known. The write itself refuses while a registration of that name is
 * not finished; then it is found out whose that is, and the write is tried once more.
 * @param write gets `ignoreUnfinished` for its second try
 * @param options.complete whether a registration of this very user may be completed: its person has just logged in
 * @throws AuthError `registration.recovering` while this user's registration is not finished, or is being undone
 */
export async function withRegistrationSettled<T>(
  deps: SettleRegistrationDeps,
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
 * Settles the registration that made a Keycloak user who is not known here.
 * @throws AuthError `registration.recovering` when the user may not be inserted now
 */
async function settleUnfinishedRegistration(
  deps: SettleRegistrationDeps,
  userId: string,
  { complete }: { complete: boolean },
): Promise<void> {
  const own = await unfinishedRegistrationOf(deps, userId);
  if (!own) return;
  const { row } = own;
  if (row.state === "pending" && complete) {
    const profile = profileOf(own.user);
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
