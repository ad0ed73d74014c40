import { createHash } from "node:crypto";
import type { KeycloakUser } from "../../ports/ports.ts";
import { BulkError } from "./bulk-error.ts";
import { orderedPrefetch } from "./ordered-prefetch.ts";
import type { ListPlace } from "./scan-position.ts";
import type { ReadList, ScanReader } from "./scan-reader.ts";

/** Rows of a page that the page before has had, too. */
const OVERLAP = 50;
/** Pages whose rows are remembered. */
const REMEMBERED_PAGES = 10;
/** Times in a row that the list is read from its beginning again, because nothing showed where it goes on. */
const MOST_RESTARTS = 5;
/** Full pages in a row without anybody new. */
const MOST_OLD_PAGES = 20;
/** However often somebody seems to be missing. */
const MOST_PASSES = 3;

export interface ScannedPage {
  /** Whom no page shortly before has had. */
  lists: ReadList[];
  /** Where to go on once the page is done with. */
  place: ListPlace;
}

/**
 * Keycloak's whole list, page by page, by offset: it is in the order of usernames, so whoever is created, deleted or renamed
 * meanwhile moves all that come after. Each page therefore begins with rows of the page before: one of them under the name
 * that it had proves that nobody between them was skipped. Where none is left, it goes back until one is found.
 *
 * Everybody who keeps a username from the beginning to the end is read. Who was renamed past the place of reading may be
 * missed: then the list has more rows than were read, and is read again.
 * @param begin where to go on; null: at the beginning
 * @param depth pages that are read ahead
 * @throws BulkError `bulk.unlistable` where a list changes faster than it can be read, or never ends; what the reader throws
 */
export async function* scanList(
  reader: ScanReader,
  begin: ListPlace | null,
  depth: number,
): AsyncGenerator<ScannedPage> {
  const counted = await reader.count();
  const scan = new Scan(begin, reader.pageSize);
  for (;;) {
    yield* readToEnd(reader, scan, depth, counted);
    const missing = Math.min(counted, await reader.count()) - scan.read;
    // As many as before: rows that are counted and never listed.
    if (missing <= 0 || missing === scan.missing || scan.pass >= MOST_PASSES) return;
    scan.pass += 1;
    scan.missing = missing;
    scan.beginAnew();
  }
}

async function* readToEnd(reader: ScanReader, scan: Scan, depth: number, counted: number): AsyncGenerator<ScannedPage> {
  const size = reader.pageSize;
  const read = async (first: number) => {
    const at = Math.max(0, first - OVERLAP);
    return { first, at, lists: await reader.readRows(null, at, first + size - at) };
  };
  // It was taken up again at its end.
  if (scan.first > 0 && scan.first >= counted) return;
  for (let expected = counted; ; ) {
    for await (const { first, at, lists } of orderedPrefetch(offsets(scan.first, size, expected), depth, read)) {
      const rows = countRows(lists);
      // The page before was not full, though more are counted: they are not listed.
      if (rows === 0 && scan.endsShort) return;
      if (at > 0 && !scan.joins(lists)) {
        scan.goBack();
        break;
      }
      const isFull = rows === first + size - at;
      yield { lists: scan.take(lists, first + size, isFull), place: scan.place };
      if (isFull) continue;
      // The end; or rows that are counted and not listed.
      expected = await reader.count();
      if (scan.first >= expected) return;
    }
  }
}

/** As far as rows are expected; one page at least. */
async function* offsets(begin: number, size: number, expected: number): AsyncGenerator<number> {
  for (let first = begin; first === begin || first < expected; first += size) yield first;
}

/** How far a list is read, and which rows were read last. */
class Scan {
  /** The offset up to which rows are read. */
  first = 0;
  /** Rows that were new when they were read. */
  read = 0;
  pass = 1;
  missing = 0;
  /** The last page was not full. */
  endsShort = false;
  #recent = new Set<string>();
  #back = 0;
  #restarts = 0;
  #oldPages = 0;

  constructor(
    begin: ListPlace | null,
    private readonly size: number,
  ) {
    if (!begin) return;
    this.first = begin.first;
    this.read = begin.read;
    this.pass = begin.pass;
    this.missing = begin.missing;
    this.#recent = new Set(begin.anchors);
  }

  get place(): ListPlace {
    const { first, read, pass, missing } = this;
    return { first, read, pass, missing, anchors: [...this.#recent].slice(-OVERLAP) };
  }

  beginAnew(): void {
    this.endsShort = false;
    this.first = 0;
    this.read = 0;
    this.#recent.clear();
  }

  /** Whether a page has a row that was read before, under the same name. */
  joins(lists: readonly ReadList[]): boolean {
    return lists.some(({ users }) => users.some((user) => this.#recent.has(digestOf(user))));
  }

  /** Twice as far as the last time. */
  goBack(): void {
    this.endsShort = false;
    this.#back = Math.max(this.size, 2 * this.#back);
    this.first = Math.max(0, this.first - this.#back);
    if (this.first > 0) return;
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) throw unlistable("changes faster than it can be read");
    this.beginAnew();
  }

  /** Takes a page that joins the one before. @returns its new rows */
  take(lists: readonly ReadList[], first: number, isFull: boolean): ReadList[] {
    const fresh = lists.map((list) => ({
      ...list,
      users: list.users.filter((user) => !this.#recent.has(digestOf(user))),
    }));
    const rows = countRows(fresh);
    this.endsShort = !isFull;
    this.#oldPages = rows === 0 && isFull ? this.#oldPages + 1 : 0;
    if (this.#oldPages > MOST_OLD_PAGES) throw unlistable("does not end: the same users are listed again and again");
    for (const user of lists.flatMap(({ users }) => users)) this.#remember(digestOf(user));
    this.first = first;
    this.read += rows;
    this.#back = 0;
    return fresh;
  }

  #remember(digest: string): void {
    // At the end again: the last ones are the anchors.
    this.#recent.delete(digest);
    this.#recent.add(digest);
    const most = REMEMBERED_PAGES * (this.size + OVERLAP);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= most) return;
      this.#recent.delete(oldest);
    }
  }
}

const countRows = (lists: readonly ReadList[]) =>
  lists.reduce((sum, { users, unreadable }) => sum + users.length + unreadable, 0);

/** A row under the name that it is listed by. Positions are stored, and names are nobody's business there. */
function digestOf({ id, username }: KeycloakUser): string {
  return createHash("sha256").update(`${id}\n${username}`).digest("base64url").slice(0, 16);
}

function unlistable(how: string): BulkError {
  return new BulkError("bulk.unlistable", `Keycloak's list of users ${how}: run it again when fewer users change`);
}
