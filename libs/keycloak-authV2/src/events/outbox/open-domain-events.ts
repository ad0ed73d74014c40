import { createDatabase, createRepositories, type DomainEventRepository } from "@libs/database";
import type { Secret } from "@libs/observability/secrets";

/** The subscriptions of a database, for as long as `use` runs. */
export async function withDomainEvents<T>(
  databaseUrl: Secret,
  use: (domainEvents: DomainEventRepository) => Promise<T>,
): Promise<T> {
  const prisma = createDatabase(databaseUrl, { poolSize: 1, applicationName: "domain-events" });
  try {
    return await use(createRepositories(prisma).domainEvents);
  } finally {
    await prisma.$disconnect();
  }
}
