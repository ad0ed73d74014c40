import { type Actor, createDatabase, createRepositories, type Grantee, type Repositories } from "@libs/database";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { NobodyFoundError } from "../../command/with-people.ts";
import { readVariables } from "../../input/read-variables.ts";

/** Roles of the database, and what finds people in it. */
export interface Access {
  access: AccessService;
  /** For the activity log. */
  by: Actor;
  /** Whom `who` names. @throws NobodyFoundError */
  findGrantee: (who: string) => Promise<Grantee>;
}

/** Lends `work` the application's roles; Keycloak is not needed. @throws UsageError */
export async function withAccess<T>({ environment }: CommandContext, work: (access: Access) => Promise<T>): Promise<T> {
  const { DATABASE_URL } = readVariables(databaseVariables, environment);
  const database = createDatabase(DATABASE_URL, { poolSize: 2, applicationName: "authctl" });
  try {
    const repositories = createRepositories(database);
    return await work({
      access: new AccessService(repositories),
      by: { id: environment.USER ? `authctl:${environment.USER}` : "authctl" },
      findGrantee: (who) => findGrantee(repositories, who),
    });
  } finally {
    await database.$disconnect();
  }
}

async function findGrantee({ users }: Repositories, who: string): Promise<Grantee> {
  if (who.includes("@")) return { email: who };
  const byId = await users.findById(who);
  const user = byId && !byId.deletedAt ? byId : await users.findByUsername(who);
  if (!user) throw new NobodyFoundError("no user here has this id or username; before the first login, use the email");
  return { userId: user.id };
}
