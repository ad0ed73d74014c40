import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { bodyLimitBytes } from "@libs/http";
import { expectProblem } from "@libs/http/testing";
import { AuthError } from "@libs/problems";
import { stubGateway } from "../../testing/stub-gateway.ts";
import { backchannelLogoutPath } from "./backchannel-logout.ts";

const secret = "header.payload-of-a-token.signature";
const received: string[] = [];
let refusal: AuthError | undefined;
const feed = {
  receiveLogoutToken: async (token: string) => {
    received.push(token);
    if (refusal) throw refusal;
  },
};
const gateway = stubGateway({ feed });
const without = stubGateway();
afterAll(() => Promise.all([gateway.stop(), without.stop()]));
beforeEach(() => {
  received.length = 0;
  refusal = undefined;
});

const form = { "content-type": "application/x-www-form-urlencoded" };
const post = (body: Bun.BodyInit | null, headers: Record<string, string> = form) =>
  gateway.post(backchannelLogoutPath, body, headers);

describe("POST /auth/backchannel-logout", () => {
  test("a form with a logout token is 200 and not stored by anyone", async () => {
    const answer = await post(`logout_token=${secret}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(received).toEqual([secret]);
    expect(gateway.log()).not.toContain(secret);
  });

  test("a charset and other fields are of no account", async () => {
    const type = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" };
    expect((await post(`logout_token=${secret}&__proto__=1&state=x&state=y`, type)).status).toBe(200);
    expect(received).toEqual([secret]);
  });

  test.each([
    ["nothing", ""],
    ["no token", "state=x"],
    ["an empty token", "logout_token="],
    ["two tokens", `logout_token=${secret}&logout_token=${secret}`],
    ["an endless token", `logout_token=${"x".repeat(8_001)}`],
  ])("%s is 400", async (_, body) => {
    await expectProblem(await post(body), "input.invalid", secret);
    expect(received).toEqual([]);
  });

  test("what is no form, or too large, is refused unread", async () => {
    const json = { "content-type": "application/json" };
    await expectProblem(
      await post(JSON.stringify({ logout_token: secret }), json),
      "input.unsupported_media_type",
      secret,
    );
    await expectProblem(await post(Buffer.from([0x6c, 0x3d, 0xc3, 0x28])), "input.malformed");
    await expectProblem(await post(`logout_token=${"x".repeat(bodyLimitBytes)}`), "input.too_large");
    expect(received).toEqual([]);
  });

  test.each(["logout_token.invalid", "logout_token.replayed", "database.unavailable", "keycloak.unavailable"] as const)(
    "%s is reported, and nothing of the token",
    async (code) => {
      refusal = new AuthError(code, { internal: "reason for the log" });
      await expectProblem(await post(`logout_token=${secret}`), code, secret, "reason for the log");
    },
  );

  test("it has no other method, and is not there without a feed", async () => {
    await expectProblem(await fetch(gateway.url + backchannelLogoutPath), "request.method_not_allowed");
    const answer = await without.post(backchannelLogoutPath, `logout_token=${secret}`, form);
    await expectProblem(answer, "request.not_found", secret);
  });
});
