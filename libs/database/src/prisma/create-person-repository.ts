import type { PrismaClient } from "./client.ts";
import { instrument, type ObserveDatabase } from "./instrument.ts";
import type { PersonRepository } from "./person-repository.ts";
import { PrismaPersonRepository } from "./prisma/prisma-person-repository.ts";

/**
 * One person's rows on PostgreSQL: for operators alone, hence beside the ports that every flow has.
 * @param observe told of every call as `repository.method`, for metrics
 */
export function createPersonRepository(prisma: PrismaClient, observe: ObserveDatabase = () => {}): PersonRepository {
  return instrument("people", new PrismaPersonRepository(prisma), observe);
}
