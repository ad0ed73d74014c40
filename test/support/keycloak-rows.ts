import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";

const KEYCLOAK_DATABASE = "keycloak";
/** Rows that refer to a user; of those that a test's user has. */
const REFERRING = [
  "credential",
  "user_role_mapping",
  "user_required_action",
  "user_group_membership",
  "user_attribute",
];

/** Changes of single users behind Keycloak's back, in its own database. */
export class KeycloakRows {
  readonly #sql: SQL;

  constructor({ databaseUrl }: Pick<TestStack, "databaseUrl">) {
    const url = new URL(databaseUrl);
    url.pathname = `/${KEYCLOAK_DATABASE}`;
    this.#sql = new SQL(url.href, { max: 1 });
  }

  async close(): Promise<void> {
    await this.#sql.close();
  }

  async delete(id: string): Promise<void> {
    await this.#sql.begin(async (tx) => {
      for (const table of REFERRING) await tx`DELETE FROM ${tx(table)} WHERE user_id = ${id}`;
      await tx`DELETE FROM user_entity WHERE id = ${id}`;
    });
  }

  async disable(id: string): Promise<void> {
    await this.#sql`UPDATE user_entity SET enabled = false WHERE id = ${id}`;
  }

  async setEmail(id: string, email: string): Promise<void> {
    await this.#sql`UPDATE user_entity SET email = ${email}, email_constraint = ${email} WHERE id = ${id}`;
  }
}
