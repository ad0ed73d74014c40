import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { keycloakUserOf, type Person } from "./person.ts";

/**
 * Gives the realm organizations with managed members. Only a broker's login and an invitation by mail make such members,
 * so an ordinary membership is changed in Keycloak's own database.
 */
export async function addOrganizations(
  stack: TestStack,
  admin: KcAdminClient,
  organizations: Record<string, readonly Person[]>,
): Promise<void> {
  await admin.realms.update({ realm: stack.realm }, { organizationsEnabled: true });
  for (const [name, people] of Object.entries(organizations)) {
    const domains = [{ name: `${name}.example.com`, verified: true }];
    const { id: orgId } = await admin.organizations.create({ name, alias: name, enabled: true, domains });
    for (const person of people) {
      const { id: userId } = await admin.users.create({ ...keycloakUserOf(person), emailVerified: true });
      await admin.organizations.addMember({ orgId, userId });
    }
  }
  const database = new URL(stack.databaseUrl);
  database.pathname = "/keycloak";
  const sql = new SQL(database.href, { max: 1 });
  await sql`UPDATE user_group_membership SET membership_type = 'MANAGED' FROM user_entity, realm
    WHERE user_entity.id = user_id AND realm.id = user_entity.realm_id AND realm.name = ${stack.realm}`;
  await sql.close();
  await admin.cache.clearUserCache({ realm: stack.realm });
}
