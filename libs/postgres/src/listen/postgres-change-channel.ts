import { randomUUID } from "node:crypto";
import { backOffMs, withJitter } from "@libs/observability/back-off";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import type pg from "pg";
import { DatabaseClient } from "../connect/database-client.ts";
import { discard } from "../connect/watch-answers.ts";
import type { ChangeChannel, GuardChange } from "./change-channel.ts";

/**
 * Times are in milliseconds.
 * @see {@link PostgresChangeChannel}
 */
export interface ChangeChannelOptions {
  /** Between two messages to itself; 1000. */
  beatMs?: number;
  /** The channel counts as lost when its last message to itself that came back is older; 2000. */
  silenceMs?: number;
  /** Longest wait before it connects again; 1000. */
  reconnectMs?: number;
  /** Called with whether it is up, at first and with every change. */
  onState?: (up: boolean) => void;
}

const CHANNEL = "guard_changes";
const CONNECT_TIMEOUT_MS = 1500;
const QUERY_TIMEOUT_MS = 1500;
const FIRST_RECONNECT_MS = 50;
/** Silence of so many limits means that the connection is dead without having said so. */
const DEAD_AFTER_SILENCES = 2;

/**
 * A message to itself, unless the server was made read-only: no notification of others arrives there any more, while a
 * message of its own would come back. (A standby refuses it.) An account that is set to read only is another matter.
 */
const BEAT = `
  SELECT deaf, CASE WHEN NOT deaf THEN pg_notify($1, $2) END
  FROM (SELECT CASE WHEN current_setting('transaction_read_only')::bool THEN (
    SELECT source IN ('configuration file', 'command line', 'global') FROM pg_settings
    WHERE name = 'default_transaction_read_only') ELSE false END AS deaf) AS server`;

/**
 * ADAPTER: `LISTEN` on a connection of its own, over which it also sends messages to itself: PostgreSQL delivers in the
 * order of commits, so a message that came back shows that all before it were delivered too. Needs a direct connection or
 * a pooler in session mode: through one in transaction mode no message comes back, and it counts as lost.
 * @see https://www.postgresql.org/docs/current/sql-notify.html
 * @example
 * ```ts
 * import { type ChangeChannel, type ChangeChannelOptions, type GuardChange, PostgresChangeChannel } from "@libs/postgres";
 *
 * const options: ChangeChannelOptions = { onState: (up) => console.log(up ? "changes arrive" : "changes may be missed") };
 * const channel: ChangeChannel = new PostgresChangeChannel(() => process.env.DATABASE_DIRECT_URL ?? "", options);
 * channel.listen((change: GuardChange) => {
 *   if (change.kind === "users") console.log("changed:", change.ids);
 * });
 * await channel.close();
 * ```
 */
export class PostgresChangeChannel implements ChangeChannel {
  readonly #options: Required<ChangeChannelOptions>;
  readonly #ownChannel = `guard_beat_${randomUUID().replaceAll("-", "")}`;
  #onChange: (change: GuardChange) => void = () => {};
  #client: pg.Client | undefined;
  #timer: Timer | undefined;
  /** When the newest message was sent that came back; everything committed until then has been reported. */
  #reportedUntil = Number.NEGATIVE_INFINITY;
  #connectedAt = 0;
  /** Undefined until it was up or lost for the first time. */
  #reported: boolean | undefined;
  #failures = 0;
  #closed = false;

  /** @param url nothing is connected before {@link listen} */
  constructor(
    private readonly url: Secret,
    options: ChangeChannelOptions = {},
  ) {
    this.#options = { beatMs: 1000, silenceMs: 2000, reconnectMs: 1000, onState: () => {}, ...options };
  }

  isUp(): boolean {
    return performance.now() - this.#reportedUntil <= this.#options.silenceMs;
  }

  listen(onChange: (change: GuardChange) => void): void {
    this.#onChange = onChange;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#drop();
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const limits = { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS };
    const config = { ...limits, application_name: "guard-changes" };
    const client = new DatabaseClient(currentSecret(this.url), config, { keepsSession: true });
    this.#client = client;
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", ({ channel, payload }) => this.#receive(client, channel, payload ?? ""));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      await client.query(`LISTEN ${this.#ownChannel}`);
      if (this.#client !== client) return;
      // What was missed while nobody listened can be anything.
      this.#onChange({ kind: "everything" });
      this.#connectedAt = performance.now();
      await this.#beat(client);
    } catch {
      this.#lost(client);
    }
  }

  async #beat(client: pg.Client): Promise<void> {
    if (this.#client !== client) return;
    const { silenceMs, beatMs } = this.#options;
    const quietMs = performance.now() - Math.max(this.#reportedUntil, this.#connectedAt);
    if (quietMs > silenceMs * DEAD_AFTER_SILENCES) return this.#lost(client);
    try {
      const { rows } = await client.query<{ deaf: boolean }>(BEAT, [this.#ownChannel, String(performance.now())]);
      if (rows[0]?.deaf) return this.#lost(client);
    } catch {
      return this.#lost(client);
    }
    // Until the first message is back the channel is neither.
    if (this.#reported !== undefined) this.#report();
    if (this.#client !== client) return;
    this.#timer = setTimeout(() => void this.#beat(client), beatMs);
    this.#timer.unref();
  }

  #receive(client: pg.Client, channel: string, payload: string): void {
    if (this.#client !== client) return;
    if (channel === this.#ownChannel) {
      this.#failures = 0;
      this.#reportedUntil = Math.max(this.#reportedUntil, Number(payload));
      this.#report();
    } else this.#onChange(readChange(payload));
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#reportedUntil = Number.NEGATIVE_INFINITY;
    this.#drop();
    // Not `end()`: a server that is silently gone would never answer it.
    discard(client);
    this.#onChange({ kind: "everything" });
    this.#report();
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const waitMs = backOffMs(this.#failures++, { firstMs: FIRST_RECONNECT_MS, mostMs: this.#options.reconnectMs });
    this.#timer = setTimeout(() => void this.#connect(), withJitter(waitMs, 0.5, 1));
    this.#timer.unref();
  }

  #drop(): void {
    this.#client = undefined;
    this.#reportedUntil = Number.NEGATIVE_INFINITY;
  }

  #report(): void {
    const up = this.isUp();
    if (up === this.#reported) return;
    this.#reported = up;
    this.#options.onState(up);
  }
}

/** What can't be read was sent by a newer version: it may concern anything. */
function readChange(payload: string): GuardChange {
  try {
    const change: unknown = JSON.parse(payload);
    if (isOfSome(change)) return change;
  } catch {
    // No JSON: the same.
  }
  return { kind: "everything" };
}

function isOfSome(change: unknown): change is GuardChange & { ids: string[] } {
  const { kind, ids } = (change ?? {}) as { kind?: unknown; ids?: unknown };
  return (kind === "sessions" || kind === "users") && Array.isArray(ids) && ids.every((id) => typeof id === "string");
}
