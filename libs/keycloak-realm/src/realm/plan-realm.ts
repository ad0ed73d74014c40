import { createRealmApi } from "./realm-api.ts";
import type { RealmChange } from "./realm-change.ts";
import type { RealmOptions } from "./realm-options.ts";
import { setUpRealm } from "./set-up-realm.ts";

/**
 * What {@link applyRealm} would change; writes nothing. Of a realm or a client that does not exist yet everything is
 * listed, also what Keycloak sets by itself.
 * @param options as for {@link applyRealm}
 * @returns empty when the realm is right
 * @throws AuthError as `applyRealm`
 * @see {@link applyRealm}
 */
export async function planRealm(options: RealmOptions): Promise<RealmChange[]> {
  const planned: RealmChange[] = [];
  await setUpRealm(createRealmApi(options), {
    options,
    change: (changes) => {
      planned.push(...changes);
      return Promise.resolve(undefined);
    },
  });
  return planned;
}
