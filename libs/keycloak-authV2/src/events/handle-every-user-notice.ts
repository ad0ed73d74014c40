import type { Hint } from "@libs/database";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import type { HintHandler, Verdict } from "./verdict.ts";

/** For {@link handleEveryUserHint}. */
export type EveryUserHintDeps = Pick<FeedDeps, "reconcileEveryUser"> & Pick<SyncDeps, "now">;

/** After the newest of several such changes this long nothing more must come. Milliseconds. */
const QUIET_MS = 1_500;
/** But changes that go on and on do not put it off for longer. Milliseconds. */
const LONGEST_MS = 10_000;

/** `every_user`: many changed and none is named, so everybody is reconciled: once for changes that come together. */
export const handleEveryUserHint: HintHandler<EveryUserHintDeps> = async ({ reconcileEveryUser, now }, hints) => {
  const verdicts: Map<Hint, Verdict> = new Map();
  for (const hint of hints) {
    const at = now().getTime();
    const isQuiet = at - (hint.changedAt ?? hint.createdAt).getTime() >= QUIET_MS;
    if (!isQuiet && at - hint.createdAt.getTime() < LONGEST_MS) {
      verdicts.set(hint, "not_yet");
      continue;
    }
    await reconcileEveryUser("Keycloak changed something that concerns many users");
    verdicts.set(hint, "done");
  }
  return verdicts;
};
