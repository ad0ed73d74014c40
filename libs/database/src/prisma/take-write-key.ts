import type { Prisma } from "../generated/client.ts";
import type { WriteKey } from "../ports/cart-repository.ts";

/**
 * Takes an `Idempotency-Key` within the write's own transaction. Whoever comes with the same key at the same time waits
 * here until that transaction has ended.
 * @param subject what the write is about; kept as the key's answer
 * @returns the subject that the key stands for now (an earlier one where it was used before), or that it was reused
 */
export async function takeWriteKey(
  tx: Prisma.TransactionClient,
  { scope, key, fingerprint, expiresAt }: WriteKey,
  subject: string,
  now: Date,
): Promise<{ subject: string; earlier: boolean } | "key_reused"> {
  const taken = await tx.$executeRaw`
    INSERT INTO idempotency_keys AS held (scope, key, fingerprint, status, answer, locked_until, created_at, expires_at)
    VALUES (${scope}, ${key}, ${fingerprint}, 201, jsonb_build_object('id', ${subject}::text), ${now}, ${now}, ${expiresAt})
    ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
      answer = excluded.answer, locked_until = excluded.locked_until, created_at = excluded.created_at,
      expires_at = excluded.expires_at
    WHERE held.expires_at <= ${now}`;
  if (taken > 0) return { subject, earlier: false };
  const held = await tx.idempotencyKey.findUniqueOrThrow({ where: { scope_key: { scope, key } } });
  if (held.fingerprint !== fingerprint) return "key_reused";
  return { subject: (held.answer as { id: string }).id, earlier: true };
}
