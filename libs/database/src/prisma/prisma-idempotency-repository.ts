import { throwMapped } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import type {
  IdempotencyClaim,
  IdempotencyHolder,
  IdempotencyOutcome,
  IdempotencyRepository,
  StoredAnswer,
} from "../ports/idempotency-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `idempotency_keys` in PostgreSQL. A holder is known by the end of its lock, which only a later claim changes. */
export class PrismaIdempotencyRepository implements IdempotencyRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async claim(claim: IdempotencyClaim): Promise<IdempotencyOutcome> {
    const { scope, key, fingerprints, registrationId, now, lockedUntil, expiresAt } = claim;
    const claimed = await this.prisma.$queryRaw<{ registrationId: string }[]>`
      INSERT INTO idempotency_keys AS held (scope, key, fingerprint, registration_id, locked_until, created_at, expires_at)
      VALUES (${scope}, ${key}, ${fingerprints[0]}, ${registrationId}, ${lockedUntil}, ${now}, ${expiresAt})
      ON CONFLICT (scope, key) DO UPDATE SET locked_until = excluded.locked_until,
        fingerprint = CASE WHEN held.expires_at <= ${now} THEN excluded.fingerprint ELSE held.fingerprint END,
        registration_id = CASE WHEN held.expires_at <= ${now} THEN excluded.registration_id ELSE held.registration_id END,
        status = NULL, answer = NULL,
        created_at = CASE WHEN held.expires_at <= ${now} THEN excluded.created_at ELSE held.created_at END,
        expires_at = CASE WHEN held.expires_at <= ${now} THEN excluded.expires_at ELSE held.expires_at END
      WHERE held.expires_at <= ${now}
        OR (held.fingerprint = ANY(${[...fingerprints]}) AND held.status IS NULL AND held.locked_until <= ${now})
      RETURNING registration_id AS "registrationId"`.catch(throwMapped);
    if (claimed[0]) {
      const earlier = claimed[0].registrationId;
      return { state: "claimed", earlier: earlier === registrationId ? null : earlier };
    }
    return await this.standing(claim);
  }

  async attach({ scope, key, lockedUntil }: IdempotencyHolder, registrationId: string): Promise<boolean> {
    const { count } = await this.prisma.idempotencyKey
      .updateMany({ where: { scope, key, lockedUntil, status: null }, data: { registrationId } })
      .catch(throwMapped);
    return count > 0;
  }

  async keep({ scope, key, lockedUntil }: IdempotencyHolder, { status, answer }: StoredAnswer): Promise<boolean> {
    const data = { status, answer: answer as Prisma.InputJsonValue };
    const { count } = await this.prisma.idempotencyKey
      .updateMany({ where: { scope, key, lockedUntil, status: null }, data })
      .catch(throwMapped);
    return count > 0;
  }

  async release({ scope, key, lockedUntil }: IdempotencyHolder, now: Date): Promise<void> {
    await this.prisma.idempotencyKey
      .updateMany({ where: { scope, key, lockedUntil, status: null }, data: { lockedUntil: now } })
      .catch(throwMapped);
  }

  /** What kept a claim from winning. */
  private async standing({ scope, key, fingerprints }: IdempotencyClaim): Promise<IdempotencyOutcome> {
    const row = await this.prisma.idempotencyKey
      .findUnique({ where: { scope_key: { scope, key } }, select: { fingerprint: true, status: true, answer: true } })
      .catch(throwMapped);
    if (!row) return { state: "in_flight" };
    if (!fingerprints.includes(row.fingerprint)) return { state: "reused" };
    if (row.status === null) return { state: "in_flight" };
    return { state: "answered", status: row.status, answer: row.answer };
  }
}
