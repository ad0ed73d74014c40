/** One event of a stream; ids are unique, times are not. */
interface Timed {
  id: string;
  at: Date;
}

/** Reads a page of a span of time, both ends included, in ascending order of time; equal times in no order. */
export type ReadPage<E extends Timed> = (page: { from: Date; to: Date; first: number; max: number }) => Promise<E[]>;

const PAGE = 500;

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
    // A full page of one millisecond: an import. Offsets would not do, as equal times have no order.
    await readMillisecond(readPage, start, (events) => onPage(events, false), pageSize);
    start = new Date(start.getTime() + 1);
  }
}

/** One page must hold them all. */
async function readMillisecond<E extends Timed>(
  readPage: ReadPage<E>,
  at: Date,
  onPage: (events: E[]) => Promise<void>,
  pageSize: number,
): Promise<void> {
  for (let max = 4 * pageSize; ; max *= 4) {
    const all = await readPage({ from: at, to: at, first: 0, max });
    if (all.length === max) continue;
    for (let i = 0; i < all.length; i += pageSize) await onPage(all.slice(i, i + pageSize));
    return;
  }
}
