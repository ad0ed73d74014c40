export interface BackOff {
  /** The first pause. Milliseconds. */
  firstMs: number;
  /** The longest pause. Milliseconds. */
  mostMs: number;
}

/**
 * The pause before another try: doubled with each failure. The one back-off of all packages.
 * @param failures that there were before the one that this pause follows: 0 gives `firstMs`
 * @returns milliseconds
 * @example
 * const pauseMs = withJitter(backOffMs(failures, { firstMs: 1_000, mostMs: 30_000 }), 0.75, 1.25);
 */
export function backOffMs(failures: number, { firstMs, mostMs }: BackOff): number {
  return Math.min(mostMs, firstMs * 2 ** failures);
}

/** A pause that differs at random, so that processes do not act in step: between `least` and `most` times `ms`. */
export function withJitter(ms: number, least: number, most: number, random: () => number = Math.random): number {
  return ms * (least + (most - least) * random());
}
