/** Ids of events that were stored lately, so that the overlap of every reading does not ask the database again. */
export class SeenEvents {
  /** In the order in which they were added. */
  readonly #ids = new Map<string, number>();

  /** @param keepMs longer than the longest overlap, in milliseconds */
  constructor(private readonly keepMs: number) {}

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** @param now milliseconds since the epoch */
  add(ids: Iterable<string>, now: number): void {
    for (const [id, at] of this.#ids) {
      if (at > now - this.keepMs) break;
      this.#ids.delete(id);
    }
    for (const id of ids) this.#ids.set(id, now);
  }

  clear(): void {
    this.#ids.clear();
  }
}
