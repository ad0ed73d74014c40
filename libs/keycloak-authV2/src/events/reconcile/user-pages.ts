import type { ReconcileRepository } from "@libs/database";
import { type CreatedWindow, createdWindows, LATEST_MS } from "../../services/bulk/created-windows.ts";
import type { ReadList, ScanReader } from "../../services/bulk/scan-reader.ts";
import { scanSlices } from "../../services/bulk/scan-slices.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { ReconcileRun } from "./reconcile-run.ts";

/** For {@link userPages}. */
export type UserPagesDeps = Pick<SyncDeps, "now"> & {
  reconcile: Pick<ReconcileRepository, "nextBoundary">;
};

export interface Span {
  from: number;
  to: number;
}

/** Some of the users that Keycloak created in a window of time, in milliseconds since the epoch. */
export interface UserPage {
  users: ReadList["users"];
  window: Span;
  /** The window is complete with this page. */
  last: boolean;
  /** Not read: both sides count so many users in it. */
  skipped?: number;
}

export interface UserPagesOptions {
  /** Everybody created until then is left out; -1: nobody. */
  through: number;
  /** Local users a span. */
  spanSize: number;
  /** How many users a span has where both sides count the same; null: it is to be read. Left out: all are. */
  agree?: (span: Span) => Promise<number | null>;
}

/**
 * Keycloak's users by created time, window by window. The windows' bounds come from the local users' times, so that
 * Keycloak seldom has to count; where it has more users than expected, windows are halved.
 */
export async function* userPages(
  run: ReconcileRun<UserPagesDeps>,
  reader: ScanReader,
  { through, spanSize, agree }: UserPagesOptions,
): AsyncGenerator<UserPage> {
  const { reconcile, now } = run.deps;
  const count = (from: number, to: number) => {
    run.called();
    return reader.count(from, to);
  };
  for (let from = through + 1; ; ) {
    const boundary = await reconcile.nextBoundary(new Date(from - 1), spanSize);
    const to = boundary?.getTime() ?? LATEST_MS;
    // Nobody's created time is in the future, as a rule: the halving need not go there.
    const middle = boundary ? to : Math.max(from, Math.min(to, now().getTime()));
    const spans = [
      { from, to: middle },
      { from: middle + 1, to },
    ].filter((span) => span.from <= span.to);
    for (const span of spans) {
      const skipped = agree ? await agree(span) : null;
      if (skipped !== null) yield { users: [], window: span, last: true, skipped };
      else for await (const window of createdWindows([span], run.pageSize, count)) yield* pagesOf(run, reader, window);
    }
    if (!boundary) return;
    from = to + 1;
  }
}

async function* pagesOf(run: ReconcileRun, reader: ScanReader, window: CreatedWindow): AsyncGenerator<UserPage> {
  if (window.from < window.to || window.count <= reader.pageSize) {
    run.called();
    const lists = await reader.readWindow(window);
    for (const [place, { users }] of lists.entries()) yield { users, window, last: place === lists.length - 1 };
    return;
  }
  // More of one millisecond than a page holds. The reader's pages: those of the run change their size meanwhile.
  const recount = () => reader.count(window.from, window.to);
  for await (const { first, last } of scanSlices(null, reader.pageSize, recount)) {
    run.called(2);
    for (const { users } of await reader.readSlice(window, first, last)) yield { users, window, last: false };
  }
  yield { users: [], window, last: true };
}
