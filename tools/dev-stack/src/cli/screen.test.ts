import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { curlLines } from "./screen.ts";

const folder = mkdtempSync(join(tmpdir(), "screen-test-"));
mkdirSync(join(folder, ".dev"));
afterAll(() => rmSync(folder, { recursive: true }));

const SESSION = "0b4c7f0e-5e0f-4d5c-9a51-1f3d3a3c2b11";
const tokens = (name: string) => ({
  access_token: `a.${name}`,
  expires_in: 300,
  refresh_expires_in: 1800,
  refresh_token: `eyJ.${name}-_x`,
  token_type: "Bearer",
});

test("the lines work in a shell, pasted one after the other: each finds what the last one got", async () => {
  const bodies: Record<string, unknown> = {};
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const route = new URL(request.url).pathname;
      bodies[route] = await request.json();
      if (route === "/auth/login") return Response.json({ user: {}, tokens: tokens("first"), sessionId: SESSION });
      if (route === "/auth/refresh") return Response.json({ tokens: tokens("second") });
      return Response.json({});
    },
  });
  // In the background, because this process is the server that they call.
  for (const line of curlLines(server.url.origin)) await Bun.$`sh -c ${line}`.cwd(folder).quiet();
  await server.stop(true);
  expect(Object.keys(bodies)).toEqual(["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"]);
  expect(bodies["/auth/refresh"]).toEqual({ refreshToken: "eyJ.first-_x", sessionId: SESSION });
  expect(bodies["/auth/logout"]).toEqual({ refreshToken: "eyJ.second-_x", sessionId: SESSION });
  expect(bodies["/auth/login"]).toMatchObject({ username: "ada" });
});
