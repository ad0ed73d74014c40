import { z } from "zod";

const countsSchema = z.object({ live: z.number(), enabled: z.number(), emailVerified: z.number() });

const stateSchema = z.object({
  /** When both sides were counted last, in milliseconds since the epoch. */
  at: z.number(),
  keycloak: countsSchema,
  local: countsSchema,
  /** A difference for which a reconciliation has found no cause that could be removed: it starts no other one. */
  explained: countsSchema,
  /** What the last reconciliation that counts had started left, whether that is what had started it, and whom it found. */
  last: z
    .object({
      left: countsSchema,
      same: z.boolean().default(false),
      found: z.number(),
      finishedAt: z.number(),
      tookMs: z.number(),
    })
    .nullable(),
});

/** What the counters know, as it is stored. */
export type CountState = z.infer<typeof stateSchema>;

const noCounts = { live: 0, enabled: 0, emailVerified: 0 };

export function newCountState(): CountState {
  return { at: 0, keycloak: noCounts, local: noCounts, explained: noCounts, last: null };
}

export function readCountState(stored: unknown): CountState | null {
  return stateSchema.safeParse(stored).data ?? null;
}
