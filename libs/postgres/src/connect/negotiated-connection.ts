import { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import pg from "pg";
import type { TlsSettings } from "./tls-settings.ts";

/** What `pg` types of its connection is less than there is. */
interface PgConnection {
  stream: Socket;
  _connecting: boolean;
  _ending: boolean;
  attachListeners(stream: Socket): void;
  requestSsl(): void;
}

const OFFERS_TLS = "S";
const HAS_NO_TLS = "N";
const KNOWS_NO_TLS = "E";

/**
 * How long a connection is quiet before the system asks whether the other end is still there. That also keeps gateways in
 * the network from forgetting it: many firewalls do after 60 s. The system's own value is 2 hours. Milliseconds.
 * @see https://www.rfc-editor.org/rfc/rfc9293#section-3.8.4
 */
const KEEP_ALIVE_MS = 10_000;

/** The server lets no such connection in (pg_hba.conf), or a pooler demands TLS; a wrong password is another matter. */
const REFUSES_WAY = new Set(["28000", "08P01"]);

/**
 * A connection that is made as `sslmode` says: `pg` itself knows neither a second way after a refused first one, nor a
 * handshake without a check of names. To be given to a client as `connection`, with `ssl: false`.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export class NegotiatedConnection extends (pg.Connection as unknown as new (
  config: object,
) => InstanceType<typeof pg.Connection> & PgConnection) {
  #ways: ("tls" | "plain")[];
  /** Why the first way was refused, where there are two. */
  #firstRefusal: Error | undefined;
  /** Whether the server has let somebody in: from then on there is no other way. */
  #isIn = false;

  constructor(private readonly tls: TlsSettings) {
    super({ ssl: false });
    this.#ways = [...tls.ways];
    this.once("authenticationOk", () => {
      this.#isIn = true;
    });
  }

  /** @param port or the path of a socket, which never speaks TLS */
  connect(port: number | string, host?: string): void {
    this._connecting = true;
    if (host === undefined) this.#ways = ["plain"];
    this.#dial(this.stream, port, host);
  }

  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    if (event === "errorMessage" && this.#retry(parameters[0] as Error & { code?: string })) return true;
    return super.emit(event, ...parameters);
  }

  #dialAgain: () => void = () => {};
  /** Of the way that is being tried: what becomes of an abandoned one is nobody's matter. */
  #socket: Socket | undefined;

  #dial(stream: Socket, port: number | string, host: string | undefined): void {
    this.stream = stream;
    this.#socket = stream;
    this.#dialAgain = () => this.#dial(new Socket(), port, host);
    stream.setNoDelay(true);
    stream.once("connect", () => {
      stream.setKeepAlive(true, KEEP_ALIVE_MS);
      if (this.#ways[0] === "plain") this.#ready(stream);
      else if (this.tls.direct) this.#encrypt(stream, host);
      else this.#askForTls(stream, host);
    });
    stream.on("error", (error) => this.#failed(error, stream));
    stream.on("close", () => this.#socket === stream && this.emit("end"));
    if (host === undefined) stream.connect({ path: String(port) });
    else stream.connect({ port: Number(port), host });
  }

  #askForTls(stream: Socket, host: string | undefined): void {
    stream.once("data", (answer: Buffer) => {
      const reply = String.fromCharCode(answer[0] ?? 0);
      // More than the one byte came from whoever sits between: it must not be taken for the server's.
      if (reply === OFFERS_TLS && answer.length === 1) this.#encrypt(stream, host);
      else if (reply === HAS_NO_TLS && this.#ways[1] === "plain") {
        this.#ways = ["plain"];
        this.#ready(stream);
      } else if (reply === HAS_NO_TLS)
        this.#end(this.#firstRefusal ?? new Error("The server does not support SSL connections"));
      else if (reply === KNOWS_NO_TLS && this.#ways[1] === "plain") this.#next();
      else if (reply === OFFERS_TLS || reply === KNOWS_NO_TLS)
        this.#end(new Error("There was an error establishing an SSL connection"));
      else this.#end(new Error(`received invalid response: ${(answer[0] ?? 0).toString(16)}`));
    });
    this.requestSsl();
  }

  #encrypt(socket: Socket, host: string | undefined): void {
    const name = host && !/^[\d.]+$|:/.test(host) ? { servername: host } : {};
    const alpn = this.tls.direct ? { ALPNProtocols: ["postgresql"] } : {};
    try {
      const secure = tlsConnect({ socket, ...(host && { host }), ...name, ...alpn, ...this.tls.options });
      this.stream = secure;
      secure.once("secureConnect", () => this.#ready(secure));
      secure.on("error", (error) => this.#failed(error, socket));
    } catch (error) {
      // A certificate or a key that is none.
      this.#end(error as Error);
    }
  }

  #ready(stream: Socket): void {
    this.stream = stream;
    this.attachListeners(stream);
    this.emit("connect");
  }

  /** @returns whether another way is tried */
  #retry(error: Error & { code?: string }): boolean {
    if (this.#isIn || !REFUSES_WAY.has(error.code ?? "") || this.#ways.length < 2) return false;
    this.#firstRefusal = error;
    this.#next();
    return true;
  }

  #failed(error: Error & { code?: string }, socket: Socket): void {
    if (this.#socket !== socket) return;
    if (this._ending && (error.code === "ECONNRESET" || error.code === "EPIPE")) return;
    const isHandshake = this.stream !== undefined && "encrypted" in this.stream && !this.#isIn;
    if (isHandshake && !this._ending && this.#ways.length > 1) this.#next();
    else this.emit("error", error);
  }

  #next(): void {
    this.#ways.shift();
    const before = this.stream;
    this.#socket = undefined;
    before.destroy();
    this.#dialAgain();
  }

  #end(error: Error): void {
    this.stream.end();
    this.emit("error", error);
  }
}
