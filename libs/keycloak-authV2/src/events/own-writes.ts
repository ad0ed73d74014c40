import type { FeedEvent, RegistrationRepository, UserRepository } from "@libs/database";
import type { KeycloakAdminEvent } from "../ports/ports.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { noticesOfAdminEvent, wholeUserOf } from "./notices/admin-event-notices.ts";

/** For {@link noticesWithoutOwnWrites}. */
export type OwnWritesDeps = Pick<SyncDeps, "now"> & {
  registrations: Pick<RegistrationRepository, "findByUserIds">;
  users: Pick<UserRepository, "findByIds">;
};

/** A registration of ours that is not completed by then is reconciled; its second step takes milliseconds. */
const OWN_CREATE_PAUSE_MS = 3_000;

/**
 * The change notices of admin events, less what the gateway wrote itself: a user that its completed registration made, and one that it
 * deleted and that has no live row here.
 * @param ownId Keycloak user id of the gateway's service account
 */
export async function noticesWithoutOwnWrites(
  { registrations, users, now }: OwnWritesDeps,
  ownId: string,
  events: readonly KeycloakAdminEvent[],
): Promise<FeedEvent[]> {
  const own = (operation: string) =>
    events.flatMap((event) => {
      const id = event.byUserId === ownId && event.operation === operation ? wholeUserOf(event) : undefined;
      return id === undefined ? [] : [id];
    });
  const [created, deleted] = [own("CREATE"), own("DELETE")];
  const [registered, known] = await Promise.all([
    created.length > 0 ? registrations.findByUserIds(created) : [],
    deleted.length > 0 ? users.findByIds(deleted) : [],
  ]);
  const completed = new Set(registered.filter(({ state }) => state === "completed").map((row) => row.keycloakUserId));
  const live = new Set(known.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id));

  return events.map((event) => {
    const notices = noticesOfAdminEvent(event);
    const id = event.byUserId === ownId ? wholeUserOf(event) : undefined;
    if (id === undefined) return { id: event.id, notices };
    if (event.operation === "DELETE" && !live.has(id)) return { id: event.id, notices: [] };
    if (event.operation !== "CREATE") return { id: event.id, notices };
    const notBefore = later(now(), OWN_CREATE_PAUSE_MS);
    return {
      id: event.id,
      notices: completed.has(id) ? [] : notices.map((notice) => ({ ...notice, source: "registration", notBefore })),
    };
  });
}
