import type { PoolClient } from "pg";
import { isServerGone } from "./sql-states.ts";

export interface QueryWatch {
  /** Sent where the driver above says `BEGIN` alone. */
  begin: string;
  /** Called with each answer which says that the server can't serve writes. */
  onServerGone: () => void;
}

type Query = (...parameters: unknown[]) => unknown;

/**
 * Has a connection begin its transactions in one way, and report answers that are about the server rather than about the
 * statement. Prisma's adapter knows no other place for either: it sends a plain `BEGIN`, and gives a connection back
 * after a failed transaction as if nothing were wrong with it.
 */
export function watchQueries(client: PoolClient, { begin, onServerGone }: QueryWatch): void {
  const query = client.query.bind(client) as Query;
  const note = (error: unknown) => {
    if (isServerGone(error)) onServerGone();
  };
  client.query = ((first: unknown, ...others: unknown[]) => {
    const callback = others.at(-1);
    if (typeof callback === "function") {
      others[others.length - 1] = (error: unknown, result: unknown) => {
        note(error);
        callback(error, result);
      };
    }
    const answer = query(withBegin(first, begin), ...others);
    if (answer instanceof Promise) answer.catch(note);
    return answer;
  }) as typeof client.query;
}

function withBegin(first: unknown, begin: string): unknown {
  if (first === "BEGIN") return begin;
  if (typeof first !== "object" || first === null || !("text" in first) || first.text !== "BEGIN") return first;
  return { ...first, text: begin };
}
