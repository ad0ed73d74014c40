import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { SQL } from "bun";

/** Where Keycloak and the local database disagree; all empty when they are in step. */
export interface Disagreement {
  /** Usernames that Keycloak has and no live local row. */
  onlyInKeycloak: string[];
  /** Usernames of live local rows that Keycloak does not have. */
  onlyLocal: string[];
}

/** Compares all users of a realm with all live local rows. The realm must be this test's own. */
export async function disagreement(admin: KcAdminClient, sql: SQL): Promise<Disagreement> {
  const inKeycloak = new Map<string, string>();
  const page = 500;
  for (let first = 0; ; first += page) {
    const users = await admin.users.find({ first, max: page, briefRepresentation: true });
    for (const { id, username } of users) inKeycloak.set(id ?? "", username ?? "");
    if (users.length < page) break;
  }
  const rows: { id: string; username: string }[] = await sql`SELECT id, username FROM users WHERE deleted_at IS NULL`;
  const local = new Set(rows.map(({ id }) => id));
  return {
    onlyInKeycloak: [...inKeycloak].filter(([id]) => !local.has(id)).map(([, username]) => username),
    onlyLocal: rows.filter(({ id }) => !inKeycloak.has(id)).map(({ username }) => username),
  };
}

export const inStep: Disagreement = { onlyInKeycloak: [], onlyLocal: [] };
