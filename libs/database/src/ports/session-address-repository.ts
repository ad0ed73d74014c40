/**
 * Whose session began from where.
 * @see {@link SessionAddressRepository}
 */
export interface SessionAddress {
  userId: string;
  ipAddress: string;
}

/**
 * PORT: the addresses that sessions were begun from, for judging them together.
 * @example
 * ```ts
 * import type { SessionAddress, SessionAddressRepository } from "@libs/database";
 *
 * export async function addresses(repository: SessionAddressRepository, since: Date): Promise<Set<string>> {
 *   const sample: SessionAddress[] = await repository.sample("", 200, since);
 *   return new Set(sample.map(({ ipAddress }) => ipAddress));
 * }
 * ```
 */
export interface SessionAddressRepository {
  /**
   * Some live sessions, those that began at `since` or later and whose address is known. Costs the same however many
   * sessions there are.
   * @param from where the sample begins, in the order of user ids; it goes on at the beginning
   * @param limit most sessions
   */
  sample(from: string, limit: number, since: Date): Promise<SessionAddress[]>;
}
