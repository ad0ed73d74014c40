import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { RECONCILE_BATCH } from "../reconcile/apply-read.ts";
import { chunk } from "../shared/chunk.ts";
import { type BulkRun, refuseUnproven } from "./bulk-run.ts";
import { UnreadableError } from "./outage-retry.ts";

/** For {@link readById}. */
export interface ReadByIdDeps {
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
}

/** What reading by id takes of a run. */
export type ReadingRun = Pick<BulkRun<ReadByIdDeps>, "deps" | "retry" | "witnessId">;

export interface ReadById {
  found: Map<string, KeycloakUser>;
  /** Keycloak fails to show these, and shows others: nothing is known of them. */
  unreadable: Set<string>;
}

/** Users by their ids, in answers that are known to be complete. @throws BulkError `bulk.refused` */
export async function readById(run: ReadingRun, ids: readonly string[]): Promise<ReadById> {
  const read: ReadById = { found: new Map(), unreadable: new Set() };
  for (const batch of chunk(ids, RECONCILE_BATCH)) await readBatch(run, batch, read);
  return read;
}

async function readBatch(run: ReadingRun, ids: string[], read: ReadById): Promise<void> {
  const { keycloak } = run.deps;
  const witness = [run.witnessId];
  try {
    const users = await run.retry.run(
      () => keycloak.getUsers([...ids, ...witness]),
      () => keycloak.getUsers(witness),
    );
    refuseUnproven(new Set(users.map(({ id }) => id)), run.witnessId);
    for (const user of users) if (ids.includes(user.id)) read.found.set(user.id, user);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const half = Math.ceil(ids.length / 2);
    if (ids.length === 1) for (const id of ids) read.unreadable.add(id);
    else for (const part of chunk(ids, half)) await readBatch(run, part, read);
  }
}
