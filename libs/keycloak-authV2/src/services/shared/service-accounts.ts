import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";

const PREFIX = "service-account-";
/** The one that is looked for comes first in the order of usernames, before those that only begin like it. */
const ENOUGH = 5;

/**
 * Distinguishes service accounts from people. Keycloak reads both by id and lists both by created time, and no answer
 * says which is which; but it leaves service accounts out of a `search` (its `UsersResource.getUsers`). A person may
 * well have a name like theirs.
 */
export class ServiceAccounts {
  readonly #known = new Map<string, boolean>();

  /** @param attempt makes each call; as it is when left out */
  constructor(
    private readonly keycloak: Pick<KeycloakUserRepository, "searchUsers">,
    private readonly attempt: <T>(call: () => Promise<T>) => Promise<T> = (call) => call(),
  ) {}

  /** @throws AuthError `keycloak.*`; what `attempt` throws */
  async has({ id, username }: KeycloakUser): Promise<boolean> {
    if (!username.startsWith(PREFIX)) return false;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const search = { search: username, max: ENOUGH };
    const found = await this.attempt(() => this.keycloak.searchUsers(search));
    const is = !found.some((user) => user.id === id);
    // A realm has one for each client at most; whoever gave people such names pays with look-ups.
    if (this.#known.size < 10_000) this.#known.set(id, is);
    return is;
  }
}
