import type { UserFilter } from "./bulk-options.ts";

/** Rows of a list that is read by offset: one millisecond that holds many users, or all users. */
export interface Slice {
  /** Offset of the next page. */
  first: number;
  /** How many rows there were: with fewer, rows have moved up, and some were missed. */
  count: number;
}

/** A place in the whole list that is read by offset, page by overlapping page. */
export interface ListPlace {
  /** Offset of the next row. */
  first: number;
  /** Rows read so far. */
  read: number;
  /** The last rows before it, as digests: the next page has to have one of them. */
  anchors: string[];
  /** How often the list is read, and how many seemed to be missing in the time before. */
  pass: number;
  missing: number;
}

/** How far a scan is. Of constant size: windows are scanned in the order of time, and written in that order. */
export interface ScanPosition {
  /** `list`: instead of `windows` and `last_pass`, where Keycloak lists nobody by created time. */
  phase: "windows" | "last_pass" | "list" | "after";
  /** All users created until then are scanned. Milliseconds since the epoch; -1: none. */
  through: number;
  /** Within the millisecond after `through`, or within the last pass. */
  slice: Slice | null;
  /** Service accounts met so far: Keycloak counts them in windows, and not otherwise. */
  serviceAccounts: number;
  /** Users were listed where they do not belong: a last pass is needed. */
  strays: boolean;
  /** Within `list`. */
  list?: ListPlace;
}

export const scanStart: ScanPosition = {
  phase: "windows",
  through: -1,
  slice: null,
  serviceAccounts: 0,
  strays: false,
};

/** A filter as it is stored with a run, to be compared with another's. */
export function filterKey(filter: UserFilter = {}): string {
  return JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1)));
}
