import type { FeedRepository, Hint } from "@libs/database";
import { failureOf } from "../services/reconcile/look-outcome.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/index.ts";
import { DeletionGuard, type DeletionGuardDeps } from "./deletion-guard.ts";
import { type CredentialHintDeps, handleCredentialHints } from "./handle-credential-hints.ts";
import { type EveryUserHintDeps, handleEveryUserHint } from "./handle-every-user-hint.ts";
import { handleNotBeforeHint, type NotBeforeHintDeps } from "./handle-not-before-hint.ts";
import { handleRemovedCredentialHints, type RemovedCredentialHintDeps } from "./handle-removed-credential-hints.ts";
import { handleSessionHints, type SessionHintDeps } from "./handle-session-hints.ts";
import { createUserHintHandler, type UserHintDeps } from "./handle-user-hints.ts";
import { type SettleHintsDeps, settleHints } from "./settle-hints.ts";
import type { HintHandler, Verdict } from "./verdict.ts";

/** What the handlers use, together: each is given all of it, and sees its own. */
type HandlerDeps = UserHintDeps &
  SessionHintDeps &
  CredentialHintDeps &
  RemovedCredentialHintDeps &
  EveryUserHintDeps &
  NotBeforeHintDeps;

/** For {@link createHintSweep}. */
export type HintSweepDeps = Pick<SyncDeps, "now" | "logger"> & {
  feed: Pick<FeedRepository, "claimDue">;
} & DeletionGuardDeps &
  HandlerDeps &
  SettleHintsDeps;

/** Two full batches of users. */
const CLAIM = 98;
/** Longer than a run takes as a rule; a replica that died gives its hints back after this. Milliseconds. */
const CLAIM_MS = 15_000;
/** With Keycloak or the database away nothing is claimed for so long. Milliseconds. */
const OUTAGE_PAUSE_MS = 1_000;

/**
 * Empties the inbox of hints, on every replica: claims what is due, asks Keycloak for the truth, has the local rows
 * agree. A hint goes only once it is handled; handling one twice is harmless.
 */
export function createHintSweep(deps: HintSweepDeps): Sweep {
  const guard = new DeletionGuard(deps);
  const handlers: [HintHandler<HandlerDeps>, Hint["kind"][]][] = [
    [createUserHintHandler(guard), ["user"]],
    [handleSessionHints, ["session", "sessions"]],
    [handleCredentialHints, ["credentials"]],
    [handleRemovedCredentialHints, ["removed_credential"]],
    [handleEveryUserHint, ["every_user"]],
    [handleNotBeforeHint, ["not_before"]],
  ];
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return {
    name: "hints",
    run: async () => {
      guard.settle();
      if (deps.now().getTime() < pausedUntil) return 0;
      const hints = await deps.feed.claimDue(deps.now(), later(deps.now(), CLAIM_MS), CLAIM);
      const away = await Promise.all(
        handlers.map(async ([handle, kinds]) => {
          const mine = hints.filter(({ kind }) => kinds.includes(kind));
          return mine.length > 0 && (await settleHints(deps, await verdictsOf(deps, handle, mine)));
        }),
      );
      if (!away.includes(true)) return hints.length;
      pausedUntil = deps.now().getTime() + OUTAGE_PAUSE_MS;
      return 0;
    },
  };
}

/** A handler rejects when a repository does: with the database away nothing can be written down, and claims run out. */
async function verdictsOf(
  deps: HandlerDeps,
  handle: HintHandler<HandlerDeps>,
  hints: Hint[],
): Promise<Map<Hint, Verdict>> {
  try {
    return await handle(deps, hints);
  } catch (error) {
    const failure = failureOf(error);
    deps.logger.warn({ err: error, hints: hints.length }, "change notices could not be handled");
    if (failure.own && hints.length > 1) {
      // One by one: the others are not to suffer from it.
      const each = [];
      for (const hint of hints) each.push(...(await verdictsOf(deps, handle, [hint])));
      return new Map(each);
    }
    return new Map(hints.map((hint) => [hint, failure]));
  }
}
