import { type BulkRun, UNREADABLE } from "./bulk-run.ts";
import type { UserPage } from "./scan-keycloak-users.ts";

/** Says who of a page is not like the others; they are brought over all the same, service accounts excepted. */
export function noticePage(run: BulkRun, { users, serviceAccounts, unreadable }: UserPage): void {
  const someone = { userId: `created ${unreadable.around?.toISOString() ?? "?"}`, username: null, error: UNREADABLE };
  for (let row = 0; row < unreadable.rows; row += 1) run.notice("failed", someone);
  for (const { id, username } of serviceAccounts) run.notice("service_account", { userId: id, username });
  for (const { id, username, email, firstName, lastName, createdAt } of users) {
    const user = { userId: id, username };
    if (firstName === null || lastName === null) run.notice("no_names", user);
    if (email === null) run.notice("no_email", user);
    if (id.startsWith("f:")) run.notice("federated", user);
    if (createdAt === null) run.notice("no_created_time", user);
  }
}
