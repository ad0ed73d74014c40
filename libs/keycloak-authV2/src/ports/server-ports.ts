// What this library needs to know of the server that it speaks to; exported by `ports.ts`.

/**
 * What the Keycloak at hand can do. Found by asking it: patches, builds and features differ within a version, and the
 * gateway's account may not read the version. The oldest version with each is named where it is known.
 * @see {@link ServerFeatureSource}
 */
export interface ServerFeatures {
  /** Lists and counts of users take times of creation (26.6). Servers before ignore them, and answer with everybody. */
  createdFilter: boolean;
  /** One search finds users by several ids (26.3). Servers before find nobody by more than one. */
  searchByIds: boolean;
  /**
   * Counts with `search` are of what the list with `search` has: without service accounts, and with `enabled` and
   * `emailVerified` minded (26.4). Servers before count service accounts, and ignore the two.
   */
  filteredCounts: boolean;
  /**
   * Stored events have ids, and are listed from a millisecond on in ascending order (26.2). Servers before take days
   * alone. null: that is not known, since our account may not read events, or reading them fails.
   */
  eventsByTime: boolean | null;
}

/**
 * PORT: what the server can do, as far as it is known by now.
 * @example
 * ```ts
 * import type { ServerFeatureSource, ServerFeatures } from "@libs/keycloak-authV2";
 *
 * export async function mode(source: ServerFeatureSource): Promise<string> {
 *   const features: ServerFeatures = await source.current();
 *   return features.eventsByTime ? "events" : "reconciliation";
 * }
 * ```
 */
export interface ServerFeatureSource {
  /**
   * Known already, as a rule; asked for again now and then, since servers are upgraded while we run.
   * @throws AuthError `keycloak.*` where nothing is known, or what was is in doubt, and Keycloak fails to answer
   */
  current(): Promise<ServerFeatures>;
  /** Keycloak has answered as it could not by what is known: it is asked anew before {@link current} answers again. */
  doubt(): void;
}
