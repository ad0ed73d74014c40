import { afterAll, expect, test } from "bun:test";
import { AdminTokenProvider } from "./admin-token-provider.ts";

let issued = 0;
let up = true;
const server = Bun.serve({
  port: 0,
  fetch() {
    if (!up) return new Response(null, { status: 503 });
    issued += 1;
    return Response.json({ access_token: `token-${issued}`, expires_in: 100 });
  },
});
afterAll(() => server.stop(true));

test("renewed past 80 % of its life; the old one serves while Keycloak is away, but not past its end", async () => {
  let now = 0;
  const provider = new AdminTokenProvider({ tokenUrl: server.url.href, grant: {}, timeoutMs: 1000, now: () => now });
  expect(await provider.getAccessToken()).toBe("token-1");
  now = 79_000;
  expect(await provider.getAccessToken()).toBe("token-1");
  now = 81_000;
  expect(await provider.getAccessToken()).toBe("token-2");
  up = false;
  now = 81_000 + 90_000;
  expect(await provider.getAccessToken()).toBe("token-2");
  now = 81_000 + 101_000;
  await expect(provider.getAccessToken()).rejects.toMatchObject({ code: "keycloak.unavailable" });
});

test("a refused token is forgotten, a newer one is not", async () => {
  up = true;
  const provider = new AdminTokenProvider({ tokenUrl: server.url.href, grant: {}, timeoutMs: 1000 });
  const first = await provider.getAccessToken();
  provider.invalidate(first);
  const second = await provider.getAccessToken();
  expect(second).not.toBe(first);
  provider.invalidate(first);
  expect(await provider.getAccessToken()).toBe(second);
});
