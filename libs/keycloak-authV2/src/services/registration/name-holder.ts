import type { NewRegistration, RegistrationRepository } from "@libs/database";
import { remainingMs } from "@libs/observability";
import { AuthError, type AuthErrorCode } from "@libs/problems";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { findHolders, markOf } from "../shared/find-marked-user.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** Longest wait for a registration in flight to be settled. Milliseconds. */
const waitMs = 2_000;
const lookEveryMs = 50;
/** What the answer itself still needs of the request's time. Milliseconds. */
const spareMs = 500;

type SettlingDeps = Pick<SyncDeps, "now" | "wake"> & {
  registrations: Pick<RegistrationRepository, "findById">;
};

/** For {@link nameHolder}. */
export type NameHolderDeps = SettlingDeps & {
  keycloak: Pick<KeycloakUserRepository, "getUser" | "searchUsers">;
};

/** `taken`: by somebody who is there to stay. `own`: by this very registration, whose create was sent twice on its way. */
export type NameHolder = "taken" | "own";

/**
 * Keycloak says that a name is taken: by whom? One that a registration in flight holds is taken only once that one is
 * completed, so it is waited for.
 * @param refusal the code of what Keycloak said
 * @throws AuthError `registration.recovering` when a holder is, or may be, about to go away; `keycloak.*`
 */
export async function nameHolder(
  deps: NameHolderDeps,
  registration: NewRegistration,
  refusal: AuthErrorCode,
): Promise<NameHolder> {
  const holders = await findHolders(deps.keycloak, registration, refusal);
  const marks = holders.flatMap((holder) => markOf(holder) ?? []);
  if (marks.includes(registration.id)) return "own";
  const end = performance.now() + Math.min(waitMs, remainingMs(waitMs + spareMs) - spareMs);
  await Promise.all(marks.map((mark) => waitUntilSettled(deps, mark, end)));
  return "taken";
}

/** @throws AuthError `registration.recovering` when the registration does not keep its user, or is not settled in time */
async function waitUntilSettled(deps: SettlingDeps, registrationId: string, end: number): Promise<void> {
  for (;;) {
    const row = await deps.registrations.findById(registrationId);
    if (!row || row.state === "completed") return;
    const inFlight =
      row.state === "pending" && row.attempts === 0 && row.nextAttemptAt && row.nextAttemptAt > deps.now();
    if (row.nextAttemptAt === null && row.state !== "pending" && row.state !== "undoing") return;
    if (!inFlight || performance.now() >= end) {
      deps.wake("registrations");
      throw new AuthError("registration.recovering");
    }
    await Bun.sleep(lookEveryMs);
  }
}
