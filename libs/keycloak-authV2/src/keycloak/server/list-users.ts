import { AuthError } from "@libs/problems";
import type { KeycloakUser, ServerFeatureSource, UserSearch } from "../../ports/ports.ts";
import type { AdminApi } from "../calls/admin-api.ts";
import { readUsers } from "../calls/user-representation.ts";
import { namesNobody, toUserQuery } from "./user-query.ts";

/**
 * One page of a search, brief. Where the server ignores times of creation it is asked without them, and whoever does not
 * belong is left out here: of a page that is not full, since in others more would have to be read to fill it.
 * @throws AuthError `keycloak.*`; `internal.error` for a full page of such a server
 */
export async function listUsers(
  api: AdminApi,
  features: ServerFeatureSource,
  asked: UserSearch,
): Promise<KeycloakUser[]> {
  if (namesNobody(asked)) return [];
  const { first = 0, max = 100, createdAfter, createdBefore, ...others } = asked;
  const byTime = createdAfter !== undefined || createdBefore !== undefined;
  const ignored = byTime && !(await features.current()).createdFilter;
  const query = { ...toUserQuery(ignored ? others : asked), first, max, briefRepresentation: true };
  const found = await api.call("search_users", async ({ users }) => readUsers(await users.find(query)).map(toBrief));
  if (!ignored) {
    if (byTime) refuseStrangers(found, asked, features);
    return found;
  }
  if (found.length >= max || first > 0)
    throw new AuthError("internal.error", { internal: "search_users: this Keycloak ignores times of creation" });
  return found.filter(({ createdAt }) => isWithin(createdAt, createdAfter, createdBefore));
}

/** 26.3 and 26.4 answer in full, whatever is asked. */
const toBrief = (user: KeycloakUser): KeycloakUser => ({ ...user, attributes: {}, requiredActions: [] });

/**
 * A federation that keeps no times may list its users for any. Anybody else of another time shows that the server has no
 * such condition any more: it was replaced by an older one, and what it lists is everybody.
 */
function refuseStrangers(found: readonly KeycloakUser[], asked: UserSearch, features: ServerFeatureSource): void {
  const { createdAfter, createdBefore } = asked;
  const isStranger = ({ id, createdAt }: KeycloakUser) =>
    createdAt !== null && !id.startsWith("f:") && !isWithin(createdAt, createdAfter, createdBefore);
  if (!found.some(isStranger)) return;
  features.doubt();
  throw new AuthError("keycloak.unavailable", {
    internal: "search_users: users of another time were listed",
    answered: true,
  });
}

function isWithin(at: Date | null, after: Date | undefined, before: Date | undefined): boolean {
  return at !== null && (!after || at >= after) && (!before || at <= before);
}
