import { PersonService } from "@libs/keycloak-authV2/services/people";
import type { CommandContext } from "./command-context.ts";
import { withConnection } from "./connect.ts";

/** Neither side knows whom the command is about. */
export class NobodyFoundError extends Error {
  override readonly name = "NobodyFoundError";
}

/** Lends `work` what is known of single people. @throws UsageError, PersonError, AuthError */
export function withPeople<T>(
  { environment }: CommandContext,
  work: (people: PersonService) => Promise<T>,
): Promise<T> {
  return withConnection(environment, ({ integration, database, registry }) =>
    work(new PersonService({ integration, database, metrics: registry })),
  );
}

/**
 * The one user of this id, username or email.
 * @throws NobodyFoundError when there is none, or the two sides disagree on who it is
 */
export async function findOne(people: PersonService, who: string): Promise<string> {
  const [first, ...others] = await people.find(who);
  if (!first) throw new NobodyFoundError("neither side has this id, username or email");
  if (others.length > 0)
    throw new NobodyFoundError("the two sides disagree on who that is: run authctl users show, then give the id");
  return first.userId;
}
