import { connect, createServer, type Server, type Socket } from "node:net";

/** `pass` on; `refuse` and cut; accept and say nothing (`black-hole`); pass requests and swallow answers (`swallow`). */
export type ProxyMode = "pass" | "refuse" | "black-hole" | "swallow";

/** A point in a conversation: something that was sent, and whether it is to be stopped itself or only its answer. */
export interface HoldPoint {
  /** Occurs in what the gateway sends. */
  sent: string;
  hold: "request" | "answer";
}

interface Hold extends HoldPoint {
  reached: () => void;
}

interface Connection {
  /** Our end towards the server. */
  upstream: Socket;
  isForgotten: boolean;
  hasLost: boolean;
}

/** Enough to see what a request was. Characters. */
const LOST_LENGTH = 120;

/** A TCP proxy between the gateway and Keycloak or PostgreSQL, to simulate failures. */
export class TcpProxy {
  #mode: ProxyMode = "pass";
  #hold: Hold | undefined;
  readonly #sockets = new Set<Socket>();
  /** Connections that lost something: a TCP stream has no holes, so nothing more may pass on them. */
  readonly #broken = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #forgotten: Connection[] = [];
  /** What was sent into connections that were forgotten: the first bytes that each of them lost. */
  readonly lost: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async to(host: string, port: number): Promise<TcpProxy> {
    // Nobody ends a forgotten connection: its caller's goodbye is lost as well.
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(server, { host, port });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  /**
   * Takes effect at once, on open connections too: `refuse` cuts them, the silent modes go silent, and `pass` cuts those
   * that lost something meanwhile.
   */
  set mode(mode: ProxyMode) {
    this.#mode = mode;
    if (mode === "pass") for (const socket of this.#broken) socket.destroy();
    if (mode === "refuse") for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Arms the proxy for one point: the connection that gets there stays silent from then on. Others go on.
   * @returns a promise of the moment when the request, or its answer, is held here
   */
  holdAt(point: HoldPoint): Promise<void> {
    return new Promise((reached) => {
      this.#hold = { ...point, reached };
    });
  }

  /** Cuts every open connection, as a server that dies does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** How many connections are open, without those that were forgotten. */
  get open(): number {
    return this.#connections.size;
  }

  /**
   * Forgets every open connection, as a NAT gateway or a load balancer does: what is sent on them from now on is lost, in
   * both directions, and neither side is informed. New connections pass.
   * @returns how many it were
   */
  forget(): number {
    // The servers' ends of earlier ones are closed, as keep-alive probes do in time: else they would run out of them.
    for (const { upstream } of this.#forgotten) upstream.destroy();
    this.#forgotten = [...this.#connections];
    this.#connections.clear();
    for (const connection of this.#forgotten) connection.isForgotten = true;
    return this.#forgotten.length;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    if (this.#mode === "refuse") {
      client.destroy();
      return;
    }
    const upstream = connect(this.target);
    const connection: Connection = { upstream, isForgotten: false, hasLost: false };
    this.#connections.add(connection);
    const endBoth = () => {
      this.#connections.delete(connection);
      if (connection.isForgotten) return;
      client.destroy();
      upstream.destroy();
    };
    client.on("end", endBoth);
    this.#track(client, endBoth);
    this.#track(upstream, endBoth);
    let held: Hold | undefined;
    client.on("data", (data) => {
      if (connection.isForgotten) {
        if (!connection.hasLost) this.lost.push(data.toString("latin1", 0, LOST_LENGTH));
        connection.hasLost = true;
        return;
      }
      if (!held && this.#hold && data.includes(this.#hold.sent)) {
        held = this.#hold;
        this.#hold = undefined;
        if (held.hold === "request") held.reached();
      }
      const passes = this.#mode === "pass" || this.#mode === "swallow";
      if (passes && held?.hold !== "request" && !this.#broken.has(client)) upstream.write(data);
      else if (!held) this.#broken.add(client);
    });
    upstream.on("data", (data) => {
      if (connection.isForgotten) return;
      if (held?.hold === "answer") held.reached();
      else if (this.#mode === "pass" && !this.#broken.has(client)) client.write(data);
      else this.#broken.add(client);
    });
  }

  #track(socket: Socket, onClose: () => void): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#broken.delete(socket);
      onClose();
    });
  }
}
