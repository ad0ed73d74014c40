// What a check could not see is no pass: an outage between two calls of one check is a finding of its own.
import { afterAll, describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { checkOwnSubject } from "./check-own-subject.ts";
import { checkServer } from "./check-server.ts";

let answer: () => Response | Promise<Response>;
const server = Bun.serve({ port: 0, fetch: () => answer() });
afterAll(() => server.stop(true));

const keycloak = {
  url: `http://127.0.0.1:${server.port}`,
  realm: "shop",
  clientId: "gateway",
  clientSecret: () => "s",
};
const timeoutMs = 200;
const eventsByTime = (known: boolean | null | AuthError) => ({
  current: async () => {
    if (known instanceof AuthError) throw known;
    return { createdFilter: true, searchByIds: true, filteredCounts: true, eventsByTime: known };
  },
});
const info = (version: string) => () => Response.json({ systemInfo: { version } });
const codes = (findings: { code: string }[]) => findings.map(({ code }) => code);
const status = (code: number) => () => new Response("no", { status: code });
const silence = () => new Promise<Response>((done) => setTimeout(() => done(new Response("late")), 500));

describe("whether the server is too old", () => {
  const check = async (known: boolean | null | AuthError = false) =>
    codes(await checkServer(keycloak, "token", { serverFeatures: eventsByTime(known), timeoutMs }));

  test.each([
    ["23.0.7", ["keycloak.version_old"]],
    ["24.0.5", []],
  ])("%s: %p", async (version, found) => {
    answer = info(version);
    expect(await check()).toEqual(found);
  });

  test.each([429, 502, 503, 504])("HTTP %i says nothing of it: that is an outage, and no pass", async (code) => {
    answer = status(code);
    expect(await check()).toEqual(["keycloak.unreachable"]);
  });

  test("nor does silence", async () => {
    answer = silence;
    expect(await check()).toEqual(["keycloak.unreachable"]);
  });

  test("nor a server that can't be asked what it can do", async () => {
    expect(await check(new AuthError("keycloak.timeout"))).toEqual(["keycloak.unreachable"]);
  });

  test.each([403, 500])("HTTP %i is an answer: the version is not shown, today and tomorrow", async (code) => {
    answer = status(code);
    expect(await check()).toEqual([]);
  });

  test("a server that fails at one question of ours keeps nobody from work", async () => {
    expect(await check(new AuthError("keycloak.unavailable", { answered: true }))).toEqual([]);
    expect(await check(new AuthError("keycloak.misconfigured"))).toEqual([]);
  });
});

describe("whether tokens name people by their ids", () => {
  const token = `e30.${Buffer.from(JSON.stringify({ sub: "somebody" })).toString("base64url")}.x`;
  const check = async () => codes(await checkOwnSubject(keycloak, token, timeoutMs));

  test("a subject that no user has is a pseudonym", async () => {
    answer = status(404);
    expect(await check()).toEqual(["client.pairwise_sub"]);
    answer = () => Response.json({});
    expect(await check()).toEqual([]);
  });

  test("an outage is no pass", async () => {
    answer = status(503);
    expect(await check()).toEqual(["keycloak.unreachable"]);
    answer = silence;
    expect(await check()).toEqual(["keycloak.unreachable"]);
  });
});
