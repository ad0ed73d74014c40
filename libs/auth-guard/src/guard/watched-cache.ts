import { LRUCache } from "lru-cache";

interface Entry<Value> {
  value: Value;
  lookedUpAt: number;
}

interface LookUp<Value> {
  answer: Promise<Value>;
  /** It may have read what was there before a change. */
  overtaken: boolean;
}

export interface WatchedCacheOptions {
  max: number;
  /** While changes are reported, what is in memory counts until one is reported. */
  isWatched: () => boolean;
  /** While they are not: for how long an answer counts. Milliseconds. */
  staleMs: number;
  /** How long "there is none" counts at most. Milliseconds. */
  absentMs: number;
  now: () => number;
}

/** A look-up that is overtaken by a change this often is answered, but not kept. */
const MAX_TRIES = 3;

/**
 * Answers kept until a change is reported. A look-up is registered before it reads, so that a change which is reported
 * meanwhile makes it read again: "alive" is never kept over "ended".
 */
export class WatchedCache<Value extends object> {
  readonly #entries: LRUCache<string, Entry<Value | null>>;
  readonly #lookUps = new Map<string, LookUp<Value | null>>();
  readonly #options: WatchedCacheOptions;
  readonly #read: (key: string) => Promise<Value | null>;

  constructor(read: (key: string) => Promise<Value | null>, options: WatchedCacheOptions) {
    this.#read = read;
    this.#options = options;
    this.#entries = new LRUCache({ max: options.max });
  }

  /** What is known without asking; undefined when it must be asked. */
  peek(key: string): Value | null | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.value !== null && this.#options.isWatched()) return entry.value;
    const ageMs = this.#options.now() - entry.lookedUpAt;
    return ageMs <= (entry.value === null ? this.#options.absentMs : this.#options.staleMs) ? entry.value : undefined;
  }

  /** What is known, or else one look-up for all who ask at once. */
  get(key: string): Value | null | Promise<Value | null> {
    const known = this.peek(key);
    if (known !== undefined) return known;
    const running = this.#lookUps.get(key);
    return running && !running.overtaken ? running.answer : this.#lookUp(key);
  }

  forget(key: string): void {
    this.#entries.delete(key);
    const running = this.#lookUps.get(key);
    if (running) running.overtaken = true;
  }

  forgetAll(): void {
    this.#entries.clear();
    for (const lookUp of this.#lookUps.values()) lookUp.overtaken = true;
  }

  get size(): number {
    return this.#entries.size;
  }

  #lookUp(key: string): Promise<Value | null> {
    const lookUp: LookUp<Value | null> = { answer: Promise.resolve(null), overtaken: false };
    this.#lookUps.set(key, lookUp);
    lookUp.answer = this.#readUntilSettled(key, lookUp).finally(() => {
      if (this.#lookUps.get(key) === lookUp) this.#lookUps.delete(key);
    });
    return lookUp.answer;
  }

  async #readUntilSettled(key: string, lookUp: LookUp<Value | null>): Promise<Value | null> {
    for (let tries = 1; ; tries++) {
      lookUp.overtaken = false;
      const lookedUpAt = this.#options.now();
      const value = await this.#read(key);
      const newest = this.#lookUps.get(key);
      if (newest && newest !== lookUp) return newest.answer;
      if (!lookUp.overtaken) {
        this.#entries.set(key, { value, lookedUpAt });
        return value;
      }
      if (tries >= MAX_TRIES) return value;
    }
  }
}
