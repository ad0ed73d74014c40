/** One event of a stream; ids are unique, times are not. */
interface Timed {
  id: string;
  at: Date;
}

/** Reads a page of a span of time, both ends included, in ascending order of time; equal times in no order. */
export type ReadPage<E extends Timed> = (page: { from: Date; to: Date; first: number; max: number }) => Promise<E[]>;

const PAGE = 500;
/** So often one crowded millisecond is read until a reading finds nothing new. */
const MOST_READINGS = 10;

/**
 * Reads all events of a span of time. It goes on by time and not by offset, so that what is added or deleted meanwhile
 * moves nothing; an event may be given more than once.
 * @param onPage gets each page before the next is read
 */
export async function readWindow<E extends Timed>(
  readPage: ReadPage<E>,
  from: Date,
  to: Date,
  onPage: (events: E[], isLast: boolean) => Promise<void>,
  pageSize = PAGE,
): Promise<void> {
  for (let start = from; ; ) {
    const page = await readPage({ from: start, to, first: 0, max: pageSize });
    const last = page.at(-1);
    const isLast = page.length < pageSize || last === undefined;
    await onPage(page, isLast);
    if (isLast) return;
    if (last.at > start) {
      start = last.at;
      continue;
    }
    // A full page of one millisecond: an import. Offsets are all there is, and their order is not fixed.
    await readMillisecond(readPage, start, (events) => onPage(events, false), pageSize);
    start = new Date(start.getTime() + 1);
  }
}

async function readMillisecond<E extends Timed>(
  readPage: ReadPage<E>,
  at: Date,
  onPage: (events: E[]) => Promise<void>,
  pageSize: number,
): Promise<void> {
  const known = new Set<string>();
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    const before = known.size;
    for (let first = 0; ; first += pageSize) {
      const page = await readPage({ from: at, to: at, first, max: pageSize });
      const fresh = page.filter(({ id }) => !known.has(id));
      for (const { id } of fresh) known.add(id);
      if (fresh.length > 0) await onPage(fresh);
      if (page.length < pageSize) break;
    }
    if (known.size === before) return;
  }
}
