import { versionIn } from "../keycloak/server/read-server-version.ts";

/** The answer is large, and a server is not updated often. Milliseconds. */
const FRESH_MS = 300_000;

/**
 * Keycloak's version, as far as the gateway's account may see it, kept for a while.
 * @see {@link GatewayCheckOptions}
 */
export class ServerVersion {
  #known: { version: string | null; at: number } | undefined;

  /** @param now a clock that only goes forward, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * @param readInfo asks for `/admin/serverinfo`
   * @returns null: it is not shown to this account
   * @throws what `readInfo` throws
   */
  async read(readInfo: () => Promise<unknown>): Promise<string | null> {
    if (this.#known && this.now() - this.#known.at < FRESH_MS) return this.#known.version;
    const version = versionIn(await readInfo());
    this.#known = { version, at: this.now() };
    return version;
  }
}
