import type { ChangeNotice } from "@libs/database";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import type { NoticeHandler, Verdict } from "./verdict.ts";

/** For {@link handleEveryUserNotice}. */
export type EveryUserNoticeDeps = Pick<FeedDeps, "reconcileEveryUser"> & Pick<SyncDeps, "now">;

/** After the newest of several such changes this long nothing more must come. Milliseconds. */
const QUIET_MS = 1_500;
/** But changes that go on and on do not put it off for longer. Milliseconds. */
const LONGEST_MS = 10_000;

/** `every_user`: many changed and none is named, so everybody is reconciled: once for changes that come together. */
export const handleEveryUserNotice: NoticeHandler<EveryUserNoticeDeps> = async (
  { reconcileEveryUser, now },
  notices,
) => {
  const verdicts: Map<ChangeNotice, Verdict> = new Map();
  for (const notice of notices) {
    const at = now().getTime();
    const isQuiet = at - (notice.changedAt ?? notice.createdAt).getTime() >= QUIET_MS;
    if (!isQuiet && at - notice.createdAt.getTime() < LONGEST_MS) {
      verdicts.set(notice, "not_yet");
      continue;
    }
    await reconcileEveryUser("Keycloak changed something that concerns many users");
    verdicts.set(notice, "done");
  }
  return verdicts;
};
