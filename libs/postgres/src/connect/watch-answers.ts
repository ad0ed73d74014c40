import type pg from "pg";

interface Watched {
  client: pg.Client;
  /** Statements without an answer. */
  pending: number;
  /** Milliseconds of a clock that never goes back. */
  heardAt: number;
}

type Query = (...parameters: unknown[]) => unknown;

/** Those of this process that are open, by `host:port`. */
const openAt = new Map<string, Set<Watched>>();

/**
 * Has a connection not be used again after a statement on it got no answer in time (`query_timeout`). A gateway in the
 * network may forget connections without a word: a statement on one is lost, and costs its caller the whole time. A
 * pool does not notice, and would give its others to the next callers; `pg` itself goes on to queue statements behind the
 * one that is lost. So the first such statement closes its connection, and all of this process to the same server that are
 * unused and were not heard since it was sent.
 * @see https://github.com/brianc/node-postgres/issues/3399
 */
export function watchAnswers(client: pg.Client): void {
  const { host, port } = client;
  const open = clientsAt(`${host}:${port}`);
  const watched: Watched = { client, pending: 0, heardAt: performance.now() };
  // While a caller holds it, a pool does not listen: the caller's statement fails, and that is enough.
  client.on("error", () => {});
  client.on("connect", () => {
    watched.heardAt = performance.now();
    open.add(watched);
  });
  client.on("end", () => open.delete(watched));
  const query = client.query.bind(client) as Query;
  client.query = ((...parameters: unknown[]) => {
    const settle = send(watched, open);
    const callback = parameters.at(-1);
    if (typeof callback === "function") {
      parameters[parameters.length - 1] = (error: unknown, result: unknown) => {
        callback(error, result);
        settle(error);
      };
    }
    const answer = query(...parameters);
    if (answer instanceof Promise) answer.then(() => settle(undefined), settle);
    return answer;
  }) as typeof client.query;
}

/** Closes a connection without a goodbye, which nobody may be there to hear. */
export function discard(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

/** @returns to be called with the error, or undefined, when there is an answer */
function send(watched: Watched, open: ReadonlySet<Watched>): (error: unknown) => void {
  const sentAt = performance.now();
  watched.pending += 1;
  return (error) => {
    watched.pending -= 1;
    if (!isReadTimeout(error)) watched.heardAt = performance.now();
    else discardSilent(watched, open, sentAt);
  };
}

function discardSilent({ client }: Watched, open: ReadonlySet<Watched>, since: number): void {
  discard(client);
  for (const other of open) {
    if (other.client === client || other.heardAt > since || !isUnused(other)) continue;
    // Its pool lets go of it at once.
    other.client.emit("error", new Error("Connection terminated: another one to the same server is dead"));
    discard(other.client);
  }
}

const isUnused = ({ client, pending }: Watched): boolean => pending === 0 && client.getTransactionStatus() === "I";

function clientsAt(place: string): Set<Watched> {
  const known = openAt.get(place) ?? new Set();
  openAt.set(place, known);
  return known;
}

/** What `pg` rejects with when `query_timeout` is over. */
const isReadTimeout = (error: unknown): boolean => error instanceof Error && error.message === "Query read timeout";
