/**
 * Between which limits pauses grow.
 * @see {@link backOffMs}
 */
export interface BackOff {
  /** The first pause. Milliseconds. */
  firstMs: number;
  /** The longest pause. Milliseconds. */
  mostMs: number;
}

/**
 * The pause before another try: doubled with each failure. The one back-off of all packages.
 * @param failures number of failures before the one that this pause follows: 0 gives `firstMs`
 * @returns milliseconds
 * @example
 * ```ts
 * import { type BackOff, backOffMs, withJitter } from "@libs/observability";
 *
 * const pauses: BackOff = { firstMs: 1000, mostMs: 30_000 };
 * const pauseMs = withJitter(backOffMs(3, pauses), 0.75, 1.25);
 * console.log(pauseMs); // 6000 to 10 000
 * ```
 */
export function backOffMs(failures: number, { firstMs, mostMs }: BackOff): number {
  return Math.min(mostMs, firstMs * 2 ** failures);
}

/**
 * A pause that differs at random, so that processes do not act in step: between `least` and `most` times `ms`.
 * @param ms the pause in milliseconds
 * @param least how many times `ms` it is at least
 * @param most how many times `ms` it is at most
 * @param random from 0 to below 1, for tests
 * @returns milliseconds
 * @see {@link backOffMs}
 */
export function withJitter(ms: number, least: number, most: number, random: () => number = Math.random): number {
  return ms * (least + (most - least) * random());
}
