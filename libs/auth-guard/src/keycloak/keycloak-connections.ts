import { remainingMs, requestContext } from "@libs/observability/request-context";

/**
 * How long a connection may be unused before it is closed: below the 60 s after which many firewalls forget one (AWS ALB
 * 60 s, Azure 240 s, AWS NLB 350 s). Bun's timer is coarse, so it is up to 28 s. Seconds.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html
 * @see https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset
 */
const IDLE_S = 20;
/** For so long after an answer the pool's connections are taken for alive by what can't be repeated. Milliseconds. */
const PROVEN_MS = 1_000;
/** Less time is not worth a second try. Milliseconds. */
const MIN_SECOND_TRY_MS = 300;

/**
 * The part of `fetch`'s options that chooses the connection.
 * @see {@link OWN_CONNECTION}
 */
export type ConnectionChoice = Pick<BunFetchRequestInit, "session" | "keepalive">;

type Send<T> = (choice: ConnectionChoice) => Promise<T>;

/**
 * For calls that are rare, or that must not be lost: a connection of its own, closed after the answer. `Connection: close`
 * would not do: Bun takes one of the pool all the same. Node's `fetch` ignores this; its pool keeps an unused connection for
 * 4 s, unless the server announces another limit.
 * @example
 * ```ts
 * import { type ConnectionChoice, OWN_CONNECTION } from "@libs/auth-guard/keycloak";
 *
 * const choice: ConnectionChoice = OWN_CONNECTION;
 * await fetch("http://keycloak:8080/realms/app", choice);
 * ```
 */
export const OWN_CONNECTION: ConnectionChoice = { keepalive: false };

/**
 * The pool of connections to Keycloak. A gateway in the network may forget connections without a word: then each call on
 * one is lost, and costs its caller the whole time limit. So the first call that gets no answer closes all connections
 * that are unused by then: no other is lost on them.
 * @see {@link keycloakConnections}
 */
export class KeycloakConnections {
  /** Created at the first call: a guard on Node loads this file and has no such class. */
  #session: InstanceType<typeof Bun.FetchSession> | undefined;
  readonly #now: () => number;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * For calls that change nothing. In a request with time left, one that got no answer is repeated once, on a fresh
   * connection; others are repeated by whoever makes them.
   * @throws what `send` throws
   */
  async read<T>(send: Send<T>): Promise<T> {
    try {
      return await this.#pooled(send);
    } catch (error) {
      const isInRequest = requestContext.get()?.deadlineAt !== undefined;
      if (!isLost(error) || !isInRequest || remainingMs(MIN_SECOND_TRY_MS) < MIN_SECOND_TRY_MS) throw error;
      return await this.#pooled(send);
    }
  }

  /** For calls that can't be repeated: on a connection of the pool only where one of them has just been heard. */
  async once<T>(send: Send<T>): Promise<T> {
    const isProven = this.#now() - this.#answeredAt <= PROVEN_MS;
    return await (isProven ? this.#pooled(send) : send(OWN_CONNECTION));
  }

  async #pooled<T>(send: Send<T>): Promise<T> {
    try {
      this.#session ??= new Bun.FetchSession({ keepAlive: { idleTimeout: IDLE_S } });
      const answer = await send({ session: this.#session });
      this.#answeredAt = this.#now();
      return answer;
    } catch (error) {
      if (isLost(error)) this.#forget();
      throw error;
    }
  }

  /** Calls in flight go on: a connection that still brings an answer is alive. */
  #forget(): void {
    this.#answeredAt = Number.NEGATIVE_INFINITY;
    this.#session?.close();
  }
}

/**
 * One pool for a process, as `fetch`'s own is.
 * @example
 * ```ts
 * import { KeycloakConnections, keycloakConnections } from "@libs/auth-guard/keycloak";
 *
 * const certs = "http://keycloak:8080/realms/app/protocol/openid-connect/certs";
 * export const response = await keycloakConnections.read((choice) => fetch(certs, choice));
 *
 * const forTest = new KeycloakConnections();
 * export const other = await forTest.once((choice) => fetch(certs, choice));
 * ```
 */
export const keycloakConnections = new KeycloakConnections();

/** No answer came. A refused connection is not among them: it was a fresh one. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  return error.name === "TimeoutError" || code === "ECONNRESET" || code === "EPIPE";
}
