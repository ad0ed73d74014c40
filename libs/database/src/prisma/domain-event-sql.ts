import { Prisma } from "../generated/client.ts";

/**
 * Whether domain events are written at all. A statement that writes them adds to `users.event_version` by the same
 * condition, under the row's lock: so each user's events are numbered without gaps, in the order of their commits.
 */
export const somebodySubscribes = Prisma.sql`EXISTS (SELECT FROM event_subscriptions)`;

/** The payload that reports a user's fields. @param user a table with columns named as in the ports */
export function userPayload(user: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`jsonb_build_object('username', ${user}.username, 'email', ${user}.email,
    'firstName', ${user}."firstName", 'lastName', ${user}."lastName", 'emailVerified', ${user}."emailVerified",
    'enabled', ${user}.enabled)`;
}
