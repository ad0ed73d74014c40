import type { ChangeNotice } from "@libs/database";
import type { DeletionGuard } from "./deletion-guard.ts";
import { type CredentialNoticeDeps, handleCredentialNotices } from "./handle-credential-notices.ts";
import { type EveryUserNoticeDeps, handleEveryUserNotice } from "./handle-every-user-notice.ts";
import { handleNotBeforeNotice, type NotBeforeNoticeDeps } from "./handle-not-before-notice.ts";
import {
  handleRemovedCredentialNotices,
  type RemovedCredentialNoticeDeps,
} from "./handle-removed-credential-notices.ts";
import { handleSessionNotices, type SessionNoticeDeps } from "./handle-session-notices.ts";
import { createUserNoticeHandler, type UserNoticeDeps } from "./handle-user-notices.ts";
import type { NoticeHandler, Verdict } from "./verdict.ts";

/** For {@link createNoticeHandlers}: each handler is given all of it, and sees its own. */
export type NoticeHandlerDeps = UserNoticeDeps &
  SessionNoticeDeps &
  CredentialNoticeDeps &
  RemovedCredentialNoticeDeps &
  EveryUserNoticeDeps &
  NotBeforeNoticeDeps;

/** The handler of some kinds of notices. */
export interface KindHandler {
  kinds: readonly ChangeNotice["kind"][];
  handle(notices: readonly ChangeNotice[]): Promise<Map<ChangeNotice, Verdict>>;
}

/** Who handles which kind of change notices. @param guard learns of users that are, or are not, deleted here */
export function createNoticeHandlers(
  deps: NoticeHandlerDeps,
  guard: Pick<DeletionGuard, "report">,
): readonly KindHandler[] {
  const handlers: [NoticeHandler<NoticeHandlerDeps>, ChangeNotice["kind"][]][] = [
    [createUserNoticeHandler(guard), ["user"]],
    [handleSessionNotices, ["session", "sessions"]],
    [handleCredentialNotices, ["credentials"]],
    [handleRemovedCredentialNotices, ["removed_credential"]],
    [handleEveryUserNotice, ["every_user"]],
    [handleNotBeforeNotice, ["not_before"]],
  ];
  return handlers.map(([handle, kinds]) => ({ kinds, handle: (notices) => handle(deps, notices) }));
}
