import type { Slice } from "./scan-position.ts";

/** A row that goes moves the others up: so often a list is read from the beginning again. */
const MOST_REPEATS = 3;

export interface SlicePage extends Slice {
  /** Beyond it nobody is expected: to be read on until a page is not full. */
  last: boolean;
}

/**
 * The pages of a list that can be read by offset only. What is added meanwhile is read; when rows went, all is read again.
 * @param begin where to go on
 */
export async function* scanSlices(
  begin: Slice | null,
  size: number,
  count: () => Promise<number>,
): AsyncGenerator<SlicePage> {
  const counted = await count();
  let repeats = begin && counted < begin.count ? 1 : 0;
  let expected = counted;
  let first = begin && repeats === 0 ? begin.first : 0;
  for (;;) {
    do {
      yield { first, count: expected, last: first + size >= expected };
      first += size;
    } while (first < expected);
    const now = await count();
    if (now === expected || repeats >= MOST_REPEATS) return;
    if (now < expected) {
      repeats += 1;
      first = 0;
    } else if (first >= now) return;
    expected = now;
  }
}
