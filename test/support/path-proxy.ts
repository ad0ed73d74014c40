/** A reverse proxy that has Keycloak under a path and nowhere else, as `KC_HTTP_RELATIVE_PATH` and ingresses do. */
export class PathProxy {
  private constructor(
    private readonly server: Bun.Server<unknown>,
    private readonly path: string,
  ) {}

  /** @param path such as `/auth` */
  static to(target: string, path: string): PathProxy {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        if (!pathname.startsWith(`${path}/`)) return new Response("nothing here", { status: 404 });
        const headers = new Headers(request.headers);
        headers.delete("host");
        const body = request.body ? await request.bytes() : undefined;
        const init = { method: request.method, headers, redirect: "manual", decompress: false } as const;
        return await fetch(`${target}${pathname.slice(path.length)}${search}`, { ...init, ...(body && { body }) });
      },
    });
    return new PathProxy(server, path);
  }

  /** Keycloak's base URL, its path included. */
  get url(): string {
    return `${this.server.url.origin}${this.path}`;
  }

  async stop(): Promise<void> {
    await this.server.stop(true);
  }
}
