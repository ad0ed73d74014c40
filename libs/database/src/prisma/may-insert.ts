import { Prisma } from "../generated/client.ts";
import type { KeycloakProfile } from "../ports/user-repository.ts";

/**
 * The condition under which an upsert of a user may go on: the user is known here, or nobody is registering that name.
 * For a known user PostgreSQL stops after the look-up by id, which the upsert needs anyway.
 */
export function mayInsert({ id, username, email }: KeycloakProfile, ignoreUnfinished: boolean): Prisma.Sql {
  return Prisma.sql`(${ignoreUnfinished}::boolean OR EXISTS (SELECT 1 FROM users WHERE id = ${id}::text)
        OR NOT EXISTS (SELECT 1 FROM registrations WHERE state IN ('pending', 'undoing')
          AND (lower(username) = lower(${username}::text) OR lower(email) = lower(${email}::text))))`;
}
