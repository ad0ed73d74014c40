/** Users created from one moment to another, both included, in milliseconds since the epoch; and how many there were. */
export interface CreatedWindow {
  from: number;
  to: number;
  count: number;
}

/** The year 9999: Keycloak takes any number, and dates in the future can be imported. */
export const LATEST_MS = 253_402_300_799_999;

/**
 * Divides time into windows of at most `size` users, in the order of time and without a gap. A window is halved until it
 * is small enough; small neighbours become one. Only a single millisecond may hold more.
 * @param spans where to begin: what has not been scanned yet
 * @param count asks Keycloak
 */
export async function* createdWindows(
  spans: readonly { from: number; to: number }[],
  size: number,
  count: (from: number, to: number) => Promise<number>,
): AsyncGenerator<CreatedWindow> {
  const open: CreatedWindow[] = [];
  for (const { from, to } of spans.toReversed()) open.push({ from, to, count: await count(from, to) });
  let gathered: CreatedWindow | undefined;
  for (let window = open.pop(); window; window = open.pop()) {
    if (window.count > size && window.from < window.to) {
      const middle = middleOf(window);
      const left = await count(window.from, middle);
      open.push({ from: middle + 1, to: window.to, count: Math.max(0, window.count - left) });
      open.push({ from: window.from, to: middle, count: left });
    } else if (gathered && gathered.count + window.count <= size) {
      gathered = { from: gathered.from, to: window.to, count: gathered.count + window.count };
    } else {
      if (gathered) yield gathered;
      gathered = window;
    }
  }
  if (gathered) yield gathered;
}

/** The last millisecond of the first half. */
export function middleOf({ from, to }: Pick<CreatedWindow, "from" | "to">): number {
  return Math.floor((from + to) / 2);
}
