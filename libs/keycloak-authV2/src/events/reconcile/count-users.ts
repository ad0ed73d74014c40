import type { ReconcileRepository, UserCounts } from "@libs/database";
import type { KeycloakUserRepository, UserSearch } from "../../ports/ports.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import type { Span } from "./user-pages.ts";

/** For {@link countKeycloakUsers}. */
export interface CountUsersDeps {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
}

/** For {@link spanAgrees}. */
export type SpanAgreesDeps = CountUsersDeps & {
  reconcile: Pick<ReconcileRepository, "countCreatedBetween">;
};

/** Keycloak's count minus the local one. */
export type CountDifference = UserCounts;

/**
 * Keycloak's counts of people, from its database: three calls. With a `search` Keycloak leaves service accounts out of
 * each of them; without one, out of the unfiltered count alone.
 */
export async function countKeycloakUsers({ keycloak }: CountUsersDeps, span: UserSearch = {}): Promise<UserCounts> {
  const everybody = { search: "*", ...span };
  return {
    live: await keycloak.countUsers(everybody),
    enabled: await keycloak.countUsers({ ...everybody, enabled: true }),
    emailVerified: await keycloak.countUsers({ ...everybody, emailVerified: true }),
  };
}

export function subtract(a: UserCounts, b: UserCounts): CountDifference {
  return {
    live: a.live - b.live,
    enabled: a.enabled - b.enabled,
    emailVerified: a.emailVerified - b.emailVerified,
  };
}

export function isZero({ live, enabled, emailVerified }: CountDifference): boolean {
  return live === 0 && enabled === 0 && emailVerified === 0;
}

/**
 * Whether both sides count the same in a span of created time, in what the whole counts differ by.
 * @returns how many users the span has here; null: they don't
 */
export async function spanAgrees(
  run: ReconcileRun<SpanAgreesDeps>,
  span: Span,
  wanted: CountDifference,
): Promise<number | null> {
  const { keycloak, reconcile } = run.deps;
  const [from, to] = [new Date(span.from), new Date(span.to)];
  const local = await reconcile.countCreatedBetween(from, to);
  const search = { search: "*", createdAfter: from, createdBefore: to };
  const checks: [number, number, UserSearch][] = [
    [wanted.live, local.live, {}],
    [wanted.enabled, local.enabled, { enabled: true }],
    [wanted.emailVerified, local.emailVerified, { emailVerified: true }],
  ];
  for (const [difference, here, filter] of checks) {
    if (difference === 0) continue;
    run.called();
    if ((await keycloak.countUsers({ ...search, ...filter })) !== here) return null;
  }
  return local.live;
}
