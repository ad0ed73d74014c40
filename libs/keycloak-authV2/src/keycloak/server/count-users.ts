import { AuthError } from "@libs/problems";
import type { ServerFeatureSource, UserSearch } from "../../ports/ports.ts";
import type { AdminApi } from "../calls/admin-api.ts";
import { readCount } from "../calls/user-representation.ts";
import { namesNobody, toUserQuery } from "./user-query.ts";

/**
 * How many users a search has.
 *
 * Servers that count otherwise than they list (before 26.4) count service accounts with a `search`, and ignore `enabled`
 * and `emailVerified` beside it. Of everybody (`*`) they are asked without it: their count with no condition at all leaves
 * service accounts out, and one with a condition minds it. Only service accounts that are disabled, or have a verified
 * email, are counted wrongly then. A search for a name has the service accounts of that name in it.
 * @throws AuthError `keycloak.*`; `internal.error` where a server that ignores times of creation is asked by them
 */
export async function countUsers(api: AdminApi, features: ServerFeatureSource, search: UserSearch): Promise<number> {
  if (namesNobody(search)) return 0;
  const count = (wanted: UserSearch) =>
    api.call("count_users", async ({ users }) => readCount(await users.count(toUserQuery(wanted))));
  const { createdAfter, createdBefore } = search;
  const byTime = createdAfter !== undefined || createdBefore !== undefined;
  const needsFlags = search.search !== undefined;
  if (!byTime && !needsFlags) return await count(search);
  const { createdFilter, filteredCounts } = await features.current();
  if (byTime && !createdFilter) throw cannotCountByTime();
  if (filteredCounts || search.search !== "*") return await count(search);
  const { search: _, enabled, emailVerified, ...rest } = search;
  if (enabled === undefined && emailVerified === undefined) return await count(rest);
  // Whoever is not: a service account is enabled, as a rule, and has no email.
  if (enabled === true && emailVerified === undefined)
    return (await count(rest)) - (await count({ ...rest, enabled: false }));
  if (emailVerified === false && enabled === undefined)
    return (await count(rest)) - (await count({ ...rest, emailVerified: true }));
  return await count({
    ...rest,
    ...(enabled !== undefined && { enabled }),
    ...(emailVerified !== undefined && { emailVerified }),
  });
}

/** A number that looks right, and is everybody's, would be worse than none. */
function cannotCountByTime(): AuthError {
  return new AuthError("internal.error", { internal: "count_users: this Keycloak ignores times of creation" });
}
