import { requestContext } from "@libs/observability";

/** However often it is doubted, the server is asked at most this often. Milliseconds. */
const SHORTEST_GAP_MS = 2_000;

export interface KnownAnswerOptions {
  /** What is known for longer is asked for again, behind the calls. Milliseconds. */
  freshMs: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/**
 * Something about the server that holds until it is upgraded, which may happen at any time. It is asked for again behind the
 * calls, after a while and after an outage, which an upgrade looks like; and before the next call after an answer that
 * contradicts what is known.
 */
export class KnownAnswer<T> {
  readonly #freshMs: number;
  readonly #now: () => number;
  #known: { answer: T } | undefined;
  #asking: Promise<T> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isDoubted = false;
  #isExpired = false;

  /** @param ask asks the server */
  constructor(
    private readonly ask: () => Promise<T>,
    { freshMs, now = () => performance.now() }: KnownAnswerOptions,
  ) {
    this.#freshMs = freshMs;
    this.#now = now;
  }

  /** @throws what asking throws, where nothing is known, or what is known is in doubt */
  async current(): Promise<T> {
    const known = this.#known;
    const sinceMs = this.#now() - this.#askedAt;
    const mayAsk = sinceMs >= SHORTEST_GAP_MS;
    if (!known || (this.#isDoubted && (mayAsk || this.#asking))) return await this.#askOnce();
    if (mayAsk && (this.#isExpired || sinceMs >= this.#freshMs)) this.#askOnce().catch(() => {});
    return known.answer;
  }

  /** The server has answered as it could not by what is known. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** There was an outage: another server may answer after it. */
  expire(): void {
    this.#isExpired = true;
  }

  #askOnce(): Promise<T> {
    // Outside the request that happens to come first: its nearly spent deadline must not fail the others.
    this.#asking ??= requestContext
      .withoutDeadline(() => this.#renew())
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #renew(): Promise<T> {
    const before = { doubted: this.#isDoubted, expired: this.#isExpired };
    this.#askedAt = this.#now();
    // Before the server is asked: a doubt that comes meanwhile is another one.
    this.#isExpired = false;
    this.#isDoubted = false;
    try {
      const answer = await this.ask();
      this.#known = { answer };
      return answer;
    } catch (error) {
      this.#isDoubted ||= before.doubted;
      this.#isExpired ||= before.expired;
      throw error;
    }
  }
}
