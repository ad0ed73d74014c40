import { createDatabase, createRepositories, type Repositories } from "@libs/database";
import { readFeedStatus } from "@libs/keycloak-authV2/events";
import { z } from "zod";
import { type Environment, readVariables } from "../read-variables.ts";
import { UsageError } from "../usage-error.ts";

const variables = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe("the application's database, a postgresql:// URL"),
});

/** One line a variable, for the command's help. */
export const feedVariables: string = Object.entries(variables.shape)
  .map(([name, field]) => `  ${name.padEnd(32)} ${field.description}`)
  .join("\n");

/** `authctl feed status`: what waits, what is wrong, and the changes that could not be applied. @throws UsageError */
export async function feedStatus(environment: Environment, print: (line: string) => void): Promise<void> {
  const { backlog, readAt, problems, deadLetters } = await withRepositories(environment, ({ feed }) =>
    readFeedStatus(feed),
  );
  print(`events read: ${readAt?.toISOString() ?? "never"}`);
  print(
    `waiting: ${backlog.waiting}${backlog.oldestChangedAt ? `, since ${backlog.oldestChangedAt.toISOString()}` : ""}`,
  );
  for (const { kind, todo } of problems) print(`problem: ${kind}: ${todo}`);
  print(`dead letters: ${backlog.dead}`);
  for (const { id, kind, subject, lastError, attempts, deadAt } of deadLetters)
    print(`  ${id} ${kind} ${subject}: ${lastError} after ${attempts} attempts, ${deadAt?.toISOString()}`);
}

/** `authctl feed replay [id…]`: has dead letters handled again. @throws UsageError */
export async function feedReplay(
  environment: Environment,
  print: (line: string) => void,
  ids: string[],
): Promise<void> {
  if (ids.some((id) => !/^\d{1,18}$/.test(id)))
    throw new UsageError("an id is a number, as authctl feed status shows it");
  const chosen = ids.length > 0 ? ids.map(BigInt) : undefined;
  const count = await withRepositories(environment, ({ feed }) => feed.replay(new Date(), chosen));
  print(`handled again: ${count}`);
}

async function withRepositories<T>(environment: Environment, work: (ports: Repositories) => Promise<T>): Promise<T> {
  const { DATABASE_URL } = readVariables(variables, environment);
  const database = createDatabase(DATABASE_URL, { poolSize: 2 });
  try {
    return await work(createRepositories(database));
  } finally {
    await database.$disconnect();
  }
}
