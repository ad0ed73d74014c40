import type { KeycloakUser, KeycloakUserRepository } from "../../ports.ts";
import type { OutagePatience } from "./outage-patience.ts";

const PREFIX = "service-account-";
/** The one that is looked for comes first in the order of usernames, before those that only begin like it. */
const ENOUGH = 5;

/**
 * Tells service accounts from people. Keycloak lists both by created time and does not say which is which, but leaves
 * service accounts out of a `search` (its `UsersResource.getUsers`); a person may well have a name like theirs.
 */
export class ServiceAccounts {
  readonly #known = new Map<string, boolean>();

  constructor(
    private readonly keycloak: Pick<KeycloakUserRepository, "searchUsers">,
    private readonly patience: OutagePatience,
  ) {}

  async has({ id, username }: KeycloakUser): Promise<boolean> {
    if (!username.startsWith(PREFIX)) return false;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const search = { search: username, max: ENOUGH };
    const found = await this.patience.run(() => this.keycloak.searchUsers(search));
    const is = !found.some((user) => user.id === id);
    // A realm has one for each client at most; whoever gave people such names pays with look-ups.
    if (this.#known.size < 10_000) this.#known.set(id, is);
    return is;
  }
}
