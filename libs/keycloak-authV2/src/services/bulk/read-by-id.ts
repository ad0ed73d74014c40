import type { KeycloakUser } from "../../ports.ts";
import { LOOK_BATCH } from "../sync/apply-read.ts";
import { chunk } from "../sync/chunk.ts";
import { type BulkRun, refuseUnproven } from "./bulk-run.ts";

/** Users by their ids, in answers that are known to be complete. @throws BulkError `bulk.refused` */
export async function readById(run: BulkRun, ids: readonly string[]): Promise<Map<string, KeycloakUser>> {
  const users = new Map<string, KeycloakUser>();
  for (const batch of chunk(ids, LOOK_BATCH)) {
    const found = await run.patience.run(() => run.deps.keycloak.getUsers([...batch, run.witnessId]));
    refuseUnproven(new Set(found.map(({ id }) => id)), run.witnessId);
    for (const user of found) if (batch.includes(user.id)) users.set(user.id, user);
  }
  return users;
}
