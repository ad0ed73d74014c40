import { requestContext } from "@libs/observability";
import type { ServerFeatureSource, ServerFeatures } from "../../server-ports.ts";

/** What is known for longer is asked for again, behind the calls. Milliseconds. */
const FRESH_MS = 60_000;
/** However often it is doubted, the server is asked at most this often. Milliseconds. */
const SHORTEST_GAP_MS = 2_000;

/**
 * Keeps what the server can do, and has it asked anew: behind the calls after a minute and after an outage, which an upgrade
 * looks like; before the next call after an answer that contradicts what is known.
 */
export class KnownServerFeatures implements ServerFeatureSource {
  #known: ServerFeatures | undefined;
  #asking: Promise<ServerFeatures> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isDoubted = false;
  #isExpired = false;

  /**
   * @param probe asks the server
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly probe: () => Promise<ServerFeatures>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async current(): Promise<ServerFeatures> {
    const known = this.#known;
    const sinceMs = this.now() - this.#askedAt;
    const mayAsk = sinceMs >= SHORTEST_GAP_MS;
    if (!known || (this.#isDoubted && (mayAsk || this.#asking))) return await this.#ask();
    if (mayAsk && (this.#isExpired || sinceMs >= FRESH_MS)) this.#ask().catch(() => {});
    return known;
  }

  doubt(): void {
    this.#isDoubted = true;
  }

  /** There was an outage: another server may answer after it. */
  expire(): void {
    this.#isExpired = true;
  }

  #ask(): Promise<ServerFeatures> {
    // Outside the request that happens to come first: its nearly spent deadline must not fail the others.
    this.#asking ??= requestContext
      .withoutDeadline(() => this.#renew())
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  async #renew(): Promise<ServerFeatures> {
    const before = { doubted: this.#isDoubted, expired: this.#isExpired };
    this.#askedAt = this.now();
    // Before the server is asked: a doubt that comes meanwhile is another one.
    this.#isExpired = false;
    this.#isDoubted = false;
    try {
      this.#known = await this.probe();
      return this.#known;
    } catch (error) {
      this.#isDoubted ||= before.doubted;
      this.#isExpired ||= before.expired;
      throw error;
    }
  }
}
