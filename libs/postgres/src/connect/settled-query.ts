import pg from "pg";
import type { ServerSettings } from "./database-target.ts";

interface PgConnection {
  parse(query: { text: string; name: string }): void;
  bind(config: { values: string[] }): void;
  execute(config: { rows: number }): void;
}

interface PgQuery {
  prepare(connection: PgConnection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: PgConnection): void;
}

/**
 * A statement that brings its settings with it, for a connection whose server may be another one each time: they are set
 * in the same implicit transaction, or in the one that is open, and end with it. No round trip more: both are sent at once.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export class SettledQuery extends (pg.Query as unknown as new (
  config: pg.QueryConfig,
  values?: unknown,
  callback?: unknown,
) => pg.Query & PgQuery) {
  #isSettled = false;

  constructor(
    private readonly settings: ServerSettings,
    config: pg.QueryConfig & { queryMode?: "extended" },
    values?: unknown,
    callback?: unknown,
  ) {
    super(config, values, callback);
  }

  override prepare(connection: PgConnection): void {
    const entries = Object.entries(this.settings);
    const calls = entries.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
    connection.parse({ text: `SELECT ${calls.join(", ")}`, name: "" });
    connection.bind({ values: entries.flat() });
    connection.execute({ rows: 0 });
    super.prepare(connection);
  }

  override handleDataRow(message: unknown): void {
    if (this.#isSettled) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: PgConnection): void {
    if (this.#isSettled) super.handleCommandComplete(message, connection);
    this.#isSettled = true;
  }
}
