import type { KeycloakTicket } from "@libs/database";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { ServiceAccounts } from "../shared/service-accounts.ts";
import type { UserFilter } from "./bulk-options.ts";
import { type CreatedWindow, createdWindows, LATEST_MS } from "./created-windows.ts";
import { orderedPrefetch } from "./ordered-prefetch.ts";
import { OutageRetry } from "./outage-retry.ts";
import { ReadPace } from "./read-pace.ts";
import { scanList } from "./scan-list.ts";
import { type ScanPosition, type Slice, scanStart } from "./scan-position.ts";
import { type ReadList, ScanReader, type ScanReaderDeps, type ScanReaderPorts } from "./scan-reader.ts";
import { type SlicePage, scanSlices } from "./scan-slices.ts";

export interface ScanOptions {
  filter?: UserFilter | undefined;
  /** Users a read; default 500. */
  pageSize?: number | undefined;
  /** Reads at once; default 2. Pages begun ahead are one more. */
  concurrency?: number | undefined;
  /** Where an earlier scan was. */
  position?: ScanPosition | undefined;
  now: () => Date;
}

/** What of {@link ScanDeps} a flow is given; `pace` and `retry` are its run's. */
export type ScanPorts = ScanReaderPorts & {
  keycloak: Pick<KeycloakUserRepository, "takesCreatedTimes">;
};

/** For {@link scanKeycloakUsers}. */
export type ScanDeps = ScanPorts & Partial<Pick<ScanReaderDeps, "pace" | "retry">>;

/** Some users, all of them from one read. */
export interface UserPage {
  ticket: KeycloakTicket;
  /** People. Brief: no attributes, no required actions. */
  users: KeycloakUser[];
  serviceAccounts: KeycloakUser[];
  /** Rows that Keycloak fails to show, however often; around when they were created (null: not known). */
  unreadable: { rows: number; around: Date | null };
  /** Where to go on once this page is done with. */
  position: ScanPosition;
}

type Item =
  | { kind: "window"; window: CreatedWindow }
  | { kind: "slice"; at: number; slice: Slice; last: boolean }
  | { kind: "moment"; at: number };

/**
 * Keycloak's users, each at least once, by created time: no deep offset, and new users are at the end. Users with no
 * created time, and those that a federation lists for any time, come in a last pass over all. A Keycloak that ignores
 * created times is read as one list. Pages are read ahead and given in order; memory is a few pages.
 */
export async function* scanKeycloakUsers(deps: ScanDeps, options: ScanOptions): AsyncGenerator<UserPage> {
  const { filter = {}, pageSize = 500, concurrency = 2, position: begin = scanStart, now } = options;
  const retry = deps.retry ?? new OutageRetry({ outageMs: 0 });
  const pace = deps.pace ?? new ReadPace({ concurrency });
  if (begin.phase === "after") return;
  const byTime = begin.phase !== "list" && (await retry.run(() => deps.keycloak.takesCreatedTimes()));
  const reader = new ScanReader({ ...deps, retry, pace }, byTime ? filter : timeless(filter), pageSize);
  const known = new ServiceAccounts(deps.keycloak, (call) => retry.run(call));
  const depth = concurrency + 1;
  let { serviceAccounts, strays } = begin;

  async function toPage(
    { ticket, users, unreadable }: ReadList,
    position: Omit<ScanPosition, "serviceAccounts" | "strays">,
    around: number | null,
  ): Promise<UserPage> {
    const people: KeycloakUser[] = [];
    const accounts: KeycloakUser[] = [];
    for (const user of users) ((await known.has(user)) ? accounts : people).push(user);
    serviceAccounts += accounts.length;
    return {
      ticket,
      users: people,
      serviceAccounts: accounts,
      unreadable: { rows: unreadable, around: around === null ? null : new Date(around) },
      position: { ...position, serviceAccounts, strays },
    };
  }

  if (begin.phase === "list" || (begin.phase === "windows" && !byTime)) {
    let done = begin.list ?? null;
    for await (const { lists, place } of scanList(reader, done, depth)) {
      for (const [at, list] of lists.entries()) {
        if (at === lists.length - 1) done = place;
        const users = list.users.filter(({ createdAt }) => isAskedFor(createdAt, filter));
        const position = { phase: "list", through: -1, slice: null, ...(done && { list: done }) } as const;
        yield await toPage({ ...list, users }, position, null);
      }
    }
    return;
  }

  if (begin.phase === "windows") {
    const items = windowItems(reader, begin, filter, pageSize, now);
    const read = async (item: Item) => ({ item, lists: await readItem(reader, item) });
    for await (const { item, lists } of orderedPrefetch(items, depth, read)) {
      for (const [place, list] of lists.entries()) {
        const users = list.users.filter((user) => isWithin(user, item));
        strays ||= users.length < list.users.length;
        const isLast = place === lists.length - 1;
        const after = isLast ? positionAfter(item, pageSize) : positionBefore(item);
        yield await toPage({ ...list, users }, { phase: "windows", ...after }, startOf(item));
      }
    }
  }

  const resumed = begin.phase === "last_pass" ? begin.slice : null;
  if (!resumed && !strays && !(await someHaveNoTime(reader, filter, serviceAccounts))) return;
  const pages = scanSlices(resumed, pageSize, () => reader.count());
  const read = async (page: SlicePage) => ({ page, lists: await reader.readSlice(null, page.first, page.last) });
  for await (const { page, lists } of orderedPrefetch(pages, depth, read))
    for (const list of lists) {
      const users = list.users.filter(({ id, createdAt }) => !isDated(createdAt) || id.startsWith("f:"));
      const slice = { first: page.first + pageSize, count: page.count };
      yield await toPage({ ...list, users }, { phase: "last_pass", through: LATEST_MS, slice }, null);
    }
}

function timeless({ createdAfter: _, createdBefore: __, ...filter }: UserFilter): UserFilter {
  return filter;
}

/** Where Keycloak ignores created times. */
function isAskedFor(createdAt: Date | null, { createdAfter, createdBefore }: UserFilter): boolean {
  if (!createdAfter && !createdBefore) return true;
  return (
    createdAt !== null && !(createdAfter && createdAt < createdAfter) && !(createdBefore && createdAt > createdBefore)
  );
}

/** What is to be read by created time, in order. */
async function* windowItems(
  reader: ScanReader,
  { through, slice }: ScanPosition,
  filter: UserFilter,
  pageSize: number,
  now: () => Date,
): AsyncGenerator<Item> {
  const from = Math.max(through + 1, filter.createdAfter?.getTime() ?? 0);
  const to = Math.min(LATEST_MS, filter.createdBefore?.getTime() ?? LATEST_MS);
  let open = from;
  if (slice) {
    yield* momentItems(reader, from, slice, pageSize);
    open += 1;
  }
  // Nobody's created time is in the future, as a rule: the halving need not go there.
  const middle = Math.min(to, now().getTime());
  const spans = [
    { from: open, to: middle },
    { from: Math.max(open, middle + 1), to },
  ].filter((span) => span.from <= span.to);
  for await (const window of createdWindows(spans, pageSize, (a, b) => reader.count(a, b))) {
    if (window.from === window.to && window.count > pageSize) yield* momentItems(reader, window.from, null, pageSize);
    else yield { kind: "window", window };
  }
}

async function* momentItems(
  reader: ScanReader,
  at: number,
  begin: Slice | null,
  pageSize: number,
): AsyncGenerator<Item> {
  for await (const { first, count, last } of scanSlices(begin, pageSize, () => reader.count(at, at)))
    yield { kind: "slice", at, slice: { first, count }, last };
  yield { kind: "moment", at };
}

function readItem(reader: ScanReader, item: Item): Promise<ReadList[]> {
  if (item.kind === "window") return reader.readWindow(item.window);
  if (item.kind === "moment") return Promise.resolve([{ ticket: 0n, users: [], unreadable: 0 }]);
  return reader.readSlice({ from: item.at, to: item.at }, item.slice.first, item.last);
}

function startOf(item: Item): number {
  return item.kind === "window" ? item.window.from : item.at;
}

function positionBefore(item: Item): Pick<ScanPosition, "through" | "slice"> {
  if (item.kind === "window") return { through: item.window.from - 1, slice: null };
  return { through: item.at - 1, slice: item.kind === "slice" ? item.slice : null };
}

function positionAfter(item: Item, pageSize: number): Pick<ScanPosition, "through" | "slice"> {
  if (item.kind === "window") return { through: item.window.to, slice: null };
  if (item.kind === "moment") return { through: item.at, slice: null };
  return { through: item.at - 1, slice: { first: item.slice.first + pageSize, count: item.slice.count } };
}

/** A federation that knows no created time may list its users for any. */
function isWithin({ createdAt }: KeycloakUser, item: Item): boolean {
  if (!isDated(createdAt)) return false;
  const at = createdAt.getTime();
  return item.kind === "window" ? item.window.from <= at && at <= item.window.to : at === item.at;
}

/** Whether users of this created time can be listed by it. */
export function isDated(createdAt: Date | null): createdAt is Date {
  return createdAt !== null && createdAt.getTime() >= 0 && createdAt.getTime() <= LATEST_MS;
}

/** Keycloak's count of all leaves service accounts out; one with any condition but `search` does not. */
async function someHaveNoTime(reader: ScanReader, filter: UserFilter, serviceAccounts: number): Promise<boolean> {
  if (filter.createdAfter || filter.createdBefore) return false;
  const dated = await reader.count(0, LATEST_MS);
  const all = await reader.count();
  const filtered = Object.keys(filter).length > 0;
  return all > dated - (filtered ? 0 : serviceAccounts);
}
