import { randomBytes } from "node:crypto";
import { GATEWAY_RIGHTS } from "@libs/keycloak-authV2/startup-check";
import type { SQL } from "bun";

export interface Account {
  username: string;
  password: string;
}

/** Makes an account that owns no table and has the rights that the gateway checks, and no others. @param sql as the owner */
export async function createAccount(sql: SQL, database: string): Promise<Account> {
  const account = { username: `test_account_${randomBytes(4).toString("hex")}`, password: "pass-word-1" };
  const { username: name, password } = account;
  await sql.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD '${password}';
    GRANT CREATE ON DATABASE ${database} TO ${name};
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`);
  for (const [table, rights] of Object.entries(GATEWAY_RIGHTS))
    await sql.unsafe(`GRANT ${rights.join(", ")} ON ${table} TO ${name}`);
  return account;
}

export async function dropAccount(sql: SQL, { username }: Account): Promise<void> {
  await sql.unsafe(`DROP OWNED BY ${username} CASCADE; DROP ROLE ${username}`);
}
