import type { ReconcileRepository, UserRepository } from "@libs/database";
import type { KeycloakUser } from "../../ports/ports.ts";
import { compareUser } from "../../services/bulk/compare-users.ts";
import { isDated } from "../../services/bulk/scan-keycloak-users.ts";
import type { Suspect } from "./report-differences.ts";

/** For {@link compareWithLocal}. */
export interface CompareWithLocalDeps {
  users: Pick<UserRepository, "findByIds">;
  reconcile: Pick<ReconcileRepository, "recordCreatedTimes">;
}

/** Who of Keycloak's users differs here, or is missing. Keeps when Keycloak created them. */
export async function compareWithLocal(
  { users, reconcile }: CompareWithLocalDeps,
  found: readonly KeycloakUser[],
): Promise<Suspect[]> {
  if (found.length === 0) return [];
  const rows = new Map((await users.findByIds(found.map(({ id }) => id))).map((row) => [row.id, row]));
  await reconcile.recordCreatedTimes(
    found.flatMap(({ id, createdAt }) => (rows.has(id) && isDated(createdAt) ? [{ id, createdAt }] : [])),
  );
  return found.flatMap((user) => {
    const [difference] = compareUser(user, rows.get(user.id) ?? null);
    if (!difference) return [];
    return [{ id: user.id, missing: difference.kind === "missing" ? user.username : null }];
  });
}
