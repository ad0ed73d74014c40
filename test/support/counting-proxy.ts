/** An HTTP proxy in front of Keycloak that counts calls, and refreshes by refresh token. */
export class CountingProxy {
  /** Method and path of every call, in order. */
  readonly calls: string[] = [];
  /** The same with their queries. */
  readonly urls: URL[] = [];
  /** What the gateway gets instead of Keycloak's answer. */
  change: (
    call: { path: string; query: URLSearchParams; form: URLSearchParams },
    answer: Response,
  ) => Response | Promise<Response> = (_, answer) => answer;
  readonly #refreshes = new Map<string, number>();

  private constructor(private readonly server: ReturnType<typeof Bun.serve>) {}

  static to(keycloakUrl: string): CountingProxy {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 30,
      fetch: (request) => proxy.#pass(request, keycloakUrl),
    });
    const proxy = new CountingProxy(server);
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** How many calls to the token endpoint brought this refresh token. */
  refreshesOf(refreshToken: string): number {
    return this.#refreshes.get(refreshToken) ?? 0;
  }

  async stop(): Promise<void> {
    await this.server.stop(true);
  }

  async #pass(request: Request, target: string): Promise<Response> {
    const url = new URL(request.url);
    const { pathname, search } = url;
    this.urls.push(url);
    this.calls.push(`${request.method} ${pathname}`);
    const body = await request.text();
    const form = new URLSearchParams(body);
    if (pathname.endsWith("/token")) this.#count(form);
    const headers = new Headers(request.headers);
    for (const name of ["host", "content-length", "connection"]) headers.delete(name);
    const answer = await fetch(`${target}${pathname}${search}`, {
      method: request.method,
      headers,
      redirect: "manual",
      ...(body !== "" && { body }),
    });
    const answered = new Headers(answer.headers);
    for (const name of ["content-encoding", "content-length", "transfer-encoding"]) answered.delete(name);
    const empty = answer.status === 204 || answer.status === 304;
    const passed = new Response(empty ? null : await answer.arrayBuffer(), {
      status: answer.status,
      headers: answered,
    });
    return await this.change({ path: pathname, query: url.searchParams, form }, passed);
  }

  #count(form: URLSearchParams): void {
    const token = form.get("refresh_token");
    if (form.get("grant_type") !== "refresh_token" || token === null) return;
    this.#refreshes.set(token, this.refreshesOf(token) + 1);
  }
}
