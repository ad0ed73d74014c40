import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { SQL } from "bun";

interface Fields {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
}

/** Every difference between a realm's users and the live local rows, field by field; empty when they are in step. */
export async function fieldDifferences(admin: KcAdminClient, sql: SQL): Promise<string[]> {
  const [inKeycloak, rows] = await Promise.all([keycloakUsers(admin), localUsers(sql)]);
  const differences: string[] = [];
  for (const user of inKeycloak.values()) {
    const row = rows.get(user.id);
    if (!row) differences.push(`${user.username}: only in Keycloak`);
    else
      for (const [field, value] of Object.entries(user)) {
        const local = row[field as keyof Fields];
        if (local !== value) differences.push(`${user.username}: ${field} ${local} instead of ${value}`);
      }
  }
  for (const row of rows.values()) if (!inKeycloak.has(row.id)) differences.push(`${row.username}: only local`);
  return differences;
}

async function keycloakUsers(admin: KcAdminClient): Promise<Map<string, Fields>> {
  const found = new Map<string, Fields>();
  const page = 500;
  for (let first = 0; ; first += page) {
    const users = await admin.users.find({ first, max: page, briefRepresentation: true });
    for (const { id = "", username = "", email, firstName, lastName, emailVerified, enabled } of users) {
      const names = { email: email ?? null, firstName: firstName ?? null, lastName: lastName ?? null };
      found.set(id, { id, username, ...names, emailVerified: emailVerified ?? false, enabled: enabled ?? false });
    }
    if (users.length < page) return found;
  }
}

async function localUsers(sql: SQL): Promise<Map<string, Fields>> {
  const rows: Fields[] = await sql`
    SELECT id, username, email, first_name AS "firstName", last_name AS "lastName", email_verified AS "emailVerified",
      enabled
    FROM users WHERE deleted_at IS NULL`;
  return new Map(rows.map((row) => [row.id, row]));
}
