import type { KeycloakTicket, TicketRepository } from "@libs/database";
import type { KeycloakUser, KeycloakUserRepository, UserSearch } from "../../ports.ts";
import type { UserFilter } from "./bulk-options.ts";
import { type CreatedWindow, middleOf } from "./created-windows.ts";
import type { OutagePatience } from "./outage-patience.ts";
import type { ReadPace } from "./read-pace.ts";

/** Room in an answer for users that came since they were counted: one that is full may lack some. */
const HEADROOM = 50;

/** One answer of Keycloak's. */
export interface ReadList {
  /** Taken before the read. */
  ticket: KeycloakTicket;
  users: KeycloakUser[];
}

export interface WalkReaderDeps {
  keycloak: Pick<KeycloakUserRepository, "searchUsers" | "countUsers">;
  tickets: TicketRepository;
  pace: ReadPace;
  patience: OutagePatience;
}

/** Lists and counts of Keycloak's users, complete: at the walk's pace, and repeated after outages. */
export class WalkReader {
  constructor(
    private readonly deps: WalkReaderDeps,
    private readonly filter: UserFilter,
    private readonly pageSize: number,
  ) {}

  /** Users created in a window; without one, of any time. Milliseconds since the epoch. */
  count(from?: number, to?: number): Promise<number> {
    const search = { ...this.filter, ...spanOf(from, to) };
    return this.deps.patience.run(() => this.deps.keycloak.countUsers(search));
  }

  /** All users of a window, in as many lists as it takes. */
  async readWindow({ from, to, count }: CreatedWindow): Promise<ReadList[]> {
    const max = this.pageSize + HEADROOM;
    const list = await this.#list(spanOf(from, to), 0, max, count);
    if (list.users.length < max) return [list];
    if (from === to) return this.readSlice({ from, to }, 0, true);
    const middle = middleOf({ from, to });
    const half = Math.ceil(count / 2);
    const earlier = await this.readWindow({ from, to: middle, count: half });
    return [...earlier, ...(await this.readWindow({ from: middle + 1, to, count: half }))];
  }

  /** One page by offset. @param onwards read on until a page is not full */
  async readSlice(span: { from: number; to: number } | null, first: number, onwards: boolean): Promise<ReadList[]> {
    const lists: ReadList[] = [];
    for (let at = first; ; at += this.pageSize) {
      const list = await this.#list(spanOf(span?.from, span?.to), at, this.pageSize, this.pageSize);
      lists.push(list);
      if (!onwards || list.users.length < this.pageSize) return lists;
    }
  }

  #list(span: UserSearch, first: number, max: number, expected: number): Promise<ReadList> {
    const { keycloak, tickets, pace, patience } = this.deps;
    return patience.run(() =>
      pace.read(expected, async () => {
        const ticket = await tickets.next();
        return { ticket, users: await keycloak.searchUsers({ ...this.filter, ...span, first, max }) };
      }),
    );
  }
}

function spanOf(from: number | undefined, to: number | undefined): UserSearch {
  return {
    ...(from !== undefined && { createdAfter: new Date(from) }),
    ...(to !== undefined && { createdBefore: new Date(to) }),
  };
}
