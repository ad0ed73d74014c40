import type { ScanRepository } from "@libs/database";
import type { BulkRun } from "./bulk-run.ts";

/** For {@link scanUnseen}. */
export interface ScanUnseenDeps {
  scans: Pick<ScanRepository, "listUnseen">;
}

const BATCH = 500;

export interface UnseenUser {
  id: string;
  username: string;
}

/** Live local users that the scan has not seen, in batches, each once. */
export async function* scanUnseen(run: BulkRun<ScanUnseenDeps>, runId: string): AsyncGenerator<UnseenUser[]> {
  const { scans } = run.deps;
  for (let after = ""; ; ) {
    const position = after;
    const batch = await run.retry.run(() => scans.listUnseen(runId, position, BATCH));
    if (batch.length === 0) return;
    yield batch;
    after = batch.at(-1)?.id ?? after;
  }
}
