import type {
  IdempotencyClaim,
  IdempotencyHolder,
  IdempotencyOutcome,
  IdempotencyRepository,
  StoredAnswer,
} from "../ports/idempotency-repository.ts";
import type { InMemoryDatabase, StoredIdempotencyKey } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryIdempotencyRepository implements IdempotencyRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async claim(claim: IdempotencyClaim): Promise<IdempotencyOutcome> {
    const { scope, key, fingerprints, registrationId, now, lockedUntil, expiresAt } = claim;
    const held = this.database.idempotencyKeys.get(place(claim));
    if (!held || held.expiresAt <= now) {
      const fresh = { scope, key, fingerprint: fingerprints[0], registrationId, kept: null, lockedUntil, expiresAt };
      this.database.idempotencyKeys.set(place(claim), fresh);
      return { state: "claimed", earlier: null };
    }
    if (!fingerprints.includes(held.fingerprint)) return { state: "reused" };
    if (held.kept) return { state: "answered", ...structuredClone(held.kept) };
    if (held.lockedUntil > now) return { state: "in_flight" };
    held.lockedUntil = lockedUntil;
    return { state: "claimed", earlier: held.registrationId === registrationId ? null : held.registrationId };
  }

  async attach(holder: IdempotencyHolder, registrationId: string): Promise<boolean> {
    return this.change(holder, { registrationId });
  }

  async keep(holder: IdempotencyHolder, kept: StoredAnswer): Promise<boolean> {
    return this.change(holder, { kept: JSON.parse(JSON.stringify(kept)) });
  }

  async release(holder: IdempotencyHolder, now: Date): Promise<void> {
    this.change(holder, { lockedUntil: now });
  }

  private change(holder: IdempotencyHolder, change: Partial<StoredIdempotencyKey>): boolean {
    const held = this.database.idempotencyKeys.get(place(holder));
    if (!held || held.kept || held.lockedUntil.getTime() !== holder.lockedUntil.getTime()) return false;
    Object.assign(held, change);
    return true;
  }
}

const place = ({ scope, key }: { scope: string; key: string }) => JSON.stringify([scope, key]);
