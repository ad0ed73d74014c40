import { Elysia } from "elysia";

type Handle = (request: Request) => Response | Promise<Response>;

/** Runs `around` about the whole of a request, routing and errors included: `next` gives the answer that will be sent. */
export function aroundRequest(
  name: string,
  around: (request: Request, next: () => ReturnType<Handle>) => ReturnType<Handle>,
) {
  const wrap = (handle: Handle) => (request: Request) => around(request, () => handle(request));
  // Elysia types the wrapped function by its result alone.
  return new Elysia({ name }).wrap(wrap as unknown as Parameters<Elysia["wrap"]>[0]);
}
