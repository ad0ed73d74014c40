import { mapDatabaseError, retryConflicts, TransactionConflictError } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import type { PrismaClient } from "./client.ts";

/** Milliseconds. */
interface TransactionLimits {
  /** For a connection. */
  maxWait: number;
  timeout: number;
}

/**
 * One transaction, begun again as a whole where another one undid it.
 * @param work touches nothing but the database, so that it may run several times
 * @throws what `work` throws; database errors as they are mapped
 */
export async function repeatableTransaction<T>(
  prisma: PrismaClient,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
  options: Partial<TransactionLimits> & { isolationLevel?: Prisma.TransactionIsolationLevel } = {},
): Promise<T> {
  const run = () =>
    prisma.$transaction(work, options).catch((error: unknown) => {
      throw mapDatabaseError(error);
    });
  return await retryConflicts(run, (error) => error instanceof TransactionConflictError);
}
