import pg from "pg";

const IS_STATEMENT = /^\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b/i;

/** The statements that this process sends, whichever library sends them. */
export interface StatementRecorder {
  texts(): string[];
  stop(): void;
}

/** Records until it is stopped, where `isWanted` says so. */
export function recordStatements(isWanted: (client: pg.Client) => boolean): StatementRecorder {
  const texts = new Set<string>();
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function recorded(this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { text?: string } | undefined];
    const text = typeof first === "string" ? first : first?.text;
    if (text !== undefined && IS_STATEMENT.test(text) && isWanted(this)) texts.add(text);
    return (query as (...args: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  return {
    texts: () => [...texts],
    stop: () => {
      pg.Client.prototype.query = query;
    },
  };
}
