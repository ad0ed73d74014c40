import type { WalkRepository } from "@libs/database";
import type { BulkRun } from "./bulk-run.ts";

/** For {@link walkUnseen}. */
export interface WalkUnseenDeps {
  walks: Pick<WalkRepository, "listUnseen">;
}

const BATCH = 500;

export interface UnseenUser {
  id: string;
  username: string;
}

/** Live local users that the walk has not seen, in batches, each once. */
export async function* walkUnseen(run: BulkRun<WalkUnseenDeps>, runId: string): AsyncGenerator<UnseenUser[]> {
  const { walks } = run.deps;
  for (let after = ""; ; ) {
    const position = after;
    const batch = await run.patience.run(() => walks.listUnseen(runId, position, BATCH));
    if (batch.length === 0) return;
    yield batch;
    after = batch.at(-1)?.id ?? after;
  }
}
