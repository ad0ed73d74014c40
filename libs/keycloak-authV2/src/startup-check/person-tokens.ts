import { type Finding, finding } from "@libs/problems/findings";

/**
 * What this process's own logins and refreshes have shown of people's tokens. The client's own token does not: Keycloak
 * gives a service account its `sub` without any mapper (`TokenManager.initToken`, for sessions that are not kept), and a
 * client may ask for an optional scope just as for a default one.
 * @see {@link GatewayCheckOptions}
 */
export class PersonTokens {
  /** Whether the last one named its user; null: there was none yet. */
  #namesUser: boolean | null = null;

  readonly record = (namesUser: boolean): void => {
    this.#namesUser = namesUser;
  };

  /** @param lacksBasic the client has the client scope `basic` in no way */
  findings(lacksBasic: boolean): Finding[] {
    return [
      // Another mapper gives them their `sub`.
      ...(lacksBasic && this.#namesUser !== true ? [finding("client.basic_missing")] : []),
      ...(this.#namesUser === false ? [finding("client.login_sub_missing")] : []),
    ];
  }
}
