import type { Prisma } from "../generated/client.ts";
import type { PrismaClient } from "./client.ts";
import { repeatableTransaction } from "./repeatable-transaction.ts";

/** Ends a transaction with an outcome that leaves nothing written. */
export class Refusal<Outcome extends string> extends Error {
  override readonly name = "Refusal";

  constructor(readonly outcome: Outcome) {
    super(outcome);
  }
}

/** How long such a transaction may wait for a connection, and how long it may take. Milliseconds. */
const LIMITS = { maxWait: 1_500, timeout: 5_000 };

/** One transaction, begun again where another one undid it: what `work` returns is committed; a {@link Refusal} rolls back, and its outcome is returned. */
export async function refusable<Result, Outcome extends string>(
  prisma: PrismaClient,
  work: (tx: Prisma.TransactionClient, refuse: (outcome: Outcome) => never) => Promise<Result>,
): Promise<Result | Outcome> {
  const refuse = (outcome: Outcome): never => {
    throw new Refusal(outcome);
  };
  try {
    return await repeatableTransaction(prisma, (tx) => work(tx, refuse), LIMITS);
  } catch (error) {
    if (error instanceof Refusal) return error.outcome;
    throw error;
  }
}
