import pLimit from "p-limit";
import type { KeycloakUser, ServerFeatureSource } from "../../ports/ports.ts";
import type { AdminApi } from "../calls/admin-api.ts";
import { readUsers } from "../calls/user-representation.ts";

/** Keeps the URL of a batch read below 5 kB. */
export const BATCH = 50;
/** Of searches for one id each. */
const SEARCHES_AT_ONCE = 4;

/**
 * Users by their ids, in full, from as few calls as the server allows: one for every 50 ids, or one for each.
 * @param ids without blanks, which end an id in a search
 * @returns in any order; without those who are missing
 * @throws AuthError `keycloak.*`
 */
export async function readUsersById(
  api: AdminApi,
  features: ServerFeatureSource,
  ids: readonly string[],
): Promise<KeycloakUser[]> {
  if (ids.length < 2) return await searchById(api, ids);
  if (!(await features.current()).searchByIds) return await searchEach(api, ids);
  const found: KeycloakUser[] = [];
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    found.push(...((await searchTogether(api, features, batch)) ?? (await searchEach(api, batch))));
  }
  return found;
}

/** @returns undefined: the server can't do it any more. Nobody at all is what such a server answers. */
async function searchTogether(api: AdminApi, features: ServerFeatureSource, ids: readonly string[]) {
  const found = await searchById(api, ids);
  if (found.length > 0 || ids.length < 2) return found;
  features.doubt();
  return (await features.current()).searchByIds ? found : undefined;
}

async function searchEach(api: AdminApi, ids: readonly string[]): Promise<KeycloakUser[]> {
  const limit = pLimit(SEARCHES_AT_ONCE);
  const found = await limit.map(ids, (id) => searchById(api, [id]));
  return found.flat();
}

function searchById(api: AdminApi, ids: readonly string[]): Promise<KeycloakUser[]> {
  if (ids.length === 0) return Promise.resolve([]);
  const search = `id:${ids.join(" ")}`;
  return api.call("get_users", async ({ users }) => readUsers(await users.find({ search })));
}
