import type { PersonRepository } from "../ports/person-repository.ts";
import type { PrismaClient } from "./client.ts";
import { instrument, type ObserveDatabase } from "./instrument.ts";
import { PrismaPersonRepository } from "./prisma-person-repository.ts";

/**
 * One person's rows on PostgreSQL: for operators alone, hence beside the ports that every flow has.
 * @param prisma the application's database
 * @param observe called after each call of a port, as `repository.method`, for metrics
 * @see {@link PersonRepository}
 */
export function createPersonRepository(prisma: PrismaClient, observe: ObserveDatabase = () => {}): PersonRepository {
  return instrument("people", new PrismaPersonRepository(prisma), observe);
}
