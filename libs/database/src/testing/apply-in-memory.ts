import { UnfinishedRegistrationError } from "@libs/postgres";
import type { KeycloakTicket } from "../ports/feed-repository.ts";
import { changedFields, eventsOfChange, keycloakFields } from "../ports/profile-change.ts";
import { type NamedWrite, shareNames } from "../ports/share-names.ts";
import type { AppliedProfile, ApplyOptions, KeycloakProfile, ProfileOutcome, User } from "../ports/user-repository.ts";
import { type InMemoryDatabase, newUser, sameName } from "./in-memory-database.ts";

/** What `applyProfiles` does, in memory. */
export function applyInMemory(
  database: InMemoryDatabase,
  profiles: readonly KeycloakProfile[],
  ticket: KeycloakTicket,
  now: Date,
  { ignoreUnfinished = [], leaveUnchanged = false }: ApplyOptions,
): AppliedProfile[] {
  const batch = [...new Map(profiles.map((profile) => [profile.id, profile])).values()];
  const outcomes = new Map(batch.map((profile) => [profile.id, outcomeOf(database, profile, ticket)]));
  for (const profile of batch)
    if (outcomes.get(profile.id) === "inserted" && !ignoreUnfinished.includes(profile.id))
      if (isUnfinished(database, profile)) outcomes.set(profile.id, "unfinished");
  const writable = () =>
    batch.filter(({ id }) => ["inserted", "revived", "updated"].includes(outcomes.get(id) as string));
  for (const id of shareNames(writable().map((profile) => named(database, profile))).collisions)
    outcomes.set(id, "collision");

  for (const profile of writable()) write(database, profile, now);
  for (const { id } of writable()) database.takeOverGrants(database.users.get(id) as User, now);
  for (const [id, outcome] of outcomes)
    if (["inserted", "revived", "updated"].includes(outcome) || (outcome === "unchanged" && !leaveUnchanged))
      database.userTickets.set(id, ++database.ticket);
  return [...outcomes].map(([id, outcome]) => ({ id, outcome }));
}

function outcomeOf(database: InMemoryDatabase, profile: KeycloakProfile, ticket: KeycloakTicket): ProfileOutcome {
  const known = database.users.get(profile.id);
  if (!known) return "inserted";
  if ((database.userTickets.get(profile.id) ?? 0n) >= ticket) return "stale";
  if (known.deletedAt) return "revived";
  return changedFields(known, profile).length > 0 ? "updated" : "unchanged";
}

function isUnfinished(database: InMemoryDatabase, profile: KeycloakProfile): boolean {
  try {
    database.assertMayInsert(profile);
    return false;
  } catch (error) {
    if (error instanceof UnfinishedRegistrationError) return true;
    throw error;
  }
}

function named(database: InMemoryDatabase, { id, username, email }: KeycloakProfile): NamedWrite {
  const live = [...database.users.values()].filter(({ deletedAt }) => deletedAt === null);
  const holder = (holds: (user: User) => boolean) => live.find(holds)?.id ?? null;
  return {
    id,
    username: username.toLowerCase(),
    email: email?.toLowerCase() ?? null,
    usernameHolder: holder((user) => sameName(user.username, username)),
    emailHolder: email === null ? null : holder((user) => user.email !== null && sameName(user.email, email)),
  };
}

function write(database: InMemoryDatabase, profile: KeycloakProfile, now: Date): void {
  const known = database.users.get(profile.id);
  const events = eventsOfChange(known && !known.deletedAt ? known : null, profile);
  const changes = { ...keycloakFields(profile), syncedAt: now, updatedAt: now, deletedAt: null };
  database.users.set(profile.id, { ...(known ?? newUser(profile, now)), ...changes });
  for (const event of events) database.record(profile.id, event, now);
}
