import type { NewRegistration } from "@libs/database";
import { remainingMs } from "@libs/observability";
import { AuthError } from "../../errors/index.ts";
import { findHolder, markOf } from "./find-marked-user.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Longest wait for a registration in flight to be settled. Milliseconds. */
const waitMs = 2_000;
const lookEveryMs = 50;
/** What the answer itself still needs of the request's time. Milliseconds. */
const spareMs = 500;

/** `taken`: by somebody who is there to stay. `own`: by this very registration, whose create was sent twice on its way. */
export type NameHolder = "taken" | "own";

/**
 * Keycloak says that a name is taken: by whom? One that a registration in flight holds is taken only once that one is
 * completed, so it is waited for.
 * @throws AuthError `registration.recovering` when the holder is, or may be, about to go away; `keycloak.*`
 */
export async function nameHolder(deps: SyncDeps, registration: NewRegistration): Promise<NameHolder> {
  const holder = await findHolder(deps.keycloak, registration);
  const mark = holder ? markOf(holder) : undefined;
  if (mark === undefined) return "taken";
  if (mark === registration.id) return "own";
  const end = performance.now() + Math.min(waitMs, remainingMs(waitMs + spareMs) - spareMs);
  for (;;) {
    const row = await deps.registrations.findById(mark);
    if (!row || row.state === "completed") return "taken";
    const inFlight =
      row.state === "pending" && row.attempts === 0 && row.nextAttemptAt && row.nextAttemptAt > deps.now();
    if (row.nextAttemptAt === null && row.state !== "pending" && row.state !== "undoing") return "taken";
    if (!inFlight || performance.now() >= end) {
      deps.wake("registrations");
      throw new AuthError("registration.recovering");
    }
    await Bun.sleep(lookEveryMs);
  }
}
