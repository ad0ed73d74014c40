import type { KeycloakTicket, TicketRepository } from "@libs/database";
import type { KeycloakUser, KeycloakUserRepository, UserSearch } from "../../ports/ports.ts";
import { type CreatedWindow, middleOf } from "./created-windows.ts";
import { type OutageRetry, UnreadableError } from "./outage-retry.ts";
import type { ReadPace } from "./read-pace.ts";

/** Room in an answer for users that came since they were counted: one that is full may lack some. */
const HEADROOM = 50;

/** One answer of Keycloak's. */
export interface ReadList {
  /** Taken before the read. */
  ticket: KeycloakTicket;
  users: KeycloakUser[];
  /** Rows that Keycloak fails to show: who they are is not known. */
  unreadable: number;
}

/** Created from then to then, both included. Milliseconds since the epoch. */
interface Span {
  from: number;
  to: number;
}

export interface ScanReaderDeps {
  keycloak: Pick<KeycloakUserRepository, "searchUsers" | "countUsers">;
  tickets: Pick<TicketRepository, "next">;
  pace: ReadPace;
  retry: OutageRetry;
}

/** What of {@link ScanReaderDeps} a flow is given; `pace` and `retry` are its run's. */
export type ScanReaderPorts = Pick<ScanReaderDeps, "keycloak" | "tickets">;

/** Lists and counts of Keycloak's users, complete: at the scan's pace, and repeated after outages. */
export class ScanReader {
  constructor(
    private readonly deps: ScanReaderDeps,
    private readonly filter: Omit<UserSearch, "first" | "max">,
    /** Users a list. */
    readonly pageSize: number,
  ) {}

  /** Users created in a window; without one, of any time. Milliseconds since the epoch. */
  count(from?: number, to?: number): Promise<number> {
    this.deps.retry.assertWanted();
    const search = { ...this.filter, ...spanOf(from, to) };
    return this.deps.retry.run(() => this.deps.keycloak.countUsers(search));
  }

  /** All users of a window, in as many lists as it takes. */
  async readWindow({ from, to, count }: CreatedWindow): Promise<ReadList[]> {
    const max = this.pageSize + HEADROOM;
    const list = await this.#list(spanOf(from, to), 0, max, count).catch(unlessUnreadable);
    if (list && list.users.length < max) return [list];
    if (!list || from === to) return this.readSlice({ from, to }, 0, true);
    const middle = middleOf({ from, to });
    const half = Math.ceil(count / 2);
    const earlier = await this.readWindow({ from, to: middle, count: half });
    return [...earlier, ...(await this.readWindow({ from: middle + 1, to, count: half }))];
  }

  /** One page by offset. @param onwards read on until a page is not full */
  async readSlice(span: Span | null, first: number, onwards: boolean): Promise<ReadList[]> {
    const lists: ReadList[] = [];
    for (let at = first; ; at += this.pageSize) {
      const page = await this.readRows(span, at, this.pageSize);
      lists.push(...page);
      const rows = page.reduce((sum, { users, unreadable }) => sum + users.length + unreadable, 0);
      if (!onwards || rows < this.pageSize) return lists;
    }
  }

  /** Rows by offset, of a window or of all; around what can't be read, fewer at a time, down to the one row. */
  async readRows(span: Span | null, first: number, rows: number): Promise<ReadList[]> {
    const list = await this.#list(spanOf(span?.from, span?.to), first, rows, rows).catch(unlessUnreadable);
    if (list) return [list];
    if (rows === 1) return [{ ticket: 0n, users: [], unreadable: 1 }];
    const half = Math.ceil(rows / 2);
    return [...(await this.readRows(span, first, half)), ...(await this.readRows(span, first + half, rows - half))];
  }

  #list(span: UserSearch, first: number, max: number, expected: number): Promise<ReadList> {
    const { keycloak, tickets, pace, retry } = this.deps;
    retry.assertWanted();
    const read = () =>
      pace.read(expected, async () => {
        const ticket = await tickets.next();
        const users = await keycloak.searchUsers({ ...this.filter, ...span, first, max });
        return { ticket, users, unreadable: 0 };
      });
    return retry.run(read, () => keycloak.countUsers({ ...this.filter, ...span }));
  }
}

function unlessUnreadable(error: unknown): null {
  if (error instanceof UnreadableError) return null;
  throw error;
}

function spanOf(from: number | undefined, to: number | undefined): UserSearch {
  return {
    ...(from !== undefined && { createdAfter: new Date(from) }),
    ...(to !== undefined && { createdBefore: new Date(to) }),
  };
}
