import type { KnownAnswer } from "./known-answer.ts";

/** @returns whether the server takes a question for these types, false: it fails */
type Takes = (types: readonly string[]) => Promise<boolean>;

/**
 * Which types of events the server can be asked for: one that it does not know makes it fail whatever else is asked.
 * Where it does not list them, those that it fails with are found by asking.
 */
export class EventTypes {
  #refused: ReadonlySet<string> = new Set();

  /** @param listed what the server lists; null: it does not */
  constructor(private readonly listed: KnownAnswer<ReadonlySet<string> | null>) {}

  /** @returns those of the types that the server knows, as far as it is known by now. @throws AuthError `keycloak.*` */
  async known(types: readonly string[]): Promise<string[]> {
    const listed = await this.listed.current();
    return types.filter((type) => (listed ? listed.has(type) : !this.#refused.has(type)));
  }

  /**
   * After the server failed with these types.
   * @returns those that it takes; undefined: all of them or none, so that they are not why it failed
   */
  async learn(types: readonly string[], takes: Takes): Promise<string[] | undefined> {
    this.listed.doubt();
    const listed = await this.listed.current();
    const refused = listed ? types.filter((type) => !listed.has(type)) : await findRefused(types, takes);
    if (refused.length === 0 || refused.length === types.length) return undefined;
    if (!listed) this.#refused = new Set([...this.#refused, ...refused]);
    return types.filter((type) => !refused.includes(type));
  }
}

async function findRefused(types: readonly string[], takes: Takes): Promise<string[]> {
  if (types.length === 0 || (await takes(types))) return [];
  if (types.length === 1) return [...types];
  const middle = Math.ceil(types.length / 2);
  return [...(await findRefused(types.slice(0, middle), takes)), ...(await findRefused(types.slice(middle), takes))];
}
