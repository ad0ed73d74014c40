/** A client's back channel: takes logout tokens as Keycloak sends them, for tests that need real ones. */
export class BackChannel {
  /** Every token that came, in order. */
  readonly tokens: string[] = [];
  #waiting: ((token: string) => void)[] = [];

  private constructor(private readonly server: ReturnType<typeof Bun.serve>) {}

  static async open(): Promise<BackChannel> {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        channel.#take(new URLSearchParams(await request.text()).get("logout_token") ?? "");
        return new Response();
      },
    });
    const channel = new BackChannel(server);
    return channel;
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/`;
  }

  /** The next token that comes. */
  next(): Promise<string> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    await this.server.stop(true);
  }

  #take(token: string): void {
    this.tokens.push(token);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(token);
  }
}
