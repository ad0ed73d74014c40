import { describe, expect, test } from "bun:test";
import type { ProblemBody } from "./support/auth-client.ts";
import { useJourney } from "./support/journey.ts";
import { newPerson } from "./support/person.ts";

const journey = useJourney();
const marker = "Secret-marker-3f9a1c";
const routes = ["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"];
const json = "application/json";

async function send(path: string, body: Bun.BodyInit | undefined, headers: Record<string, string> = {}) {
  const response = await fetch(`${journey.gateway.url}${path}`, {
    method: "POST",
    ...(body !== undefined && { body }),
    headers,
  });
  const raw = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    raw,
    body: JSON.parse(raw) as ProblemBody,
  };
}

/** Wrong bodies, with the answer that each must get. */
const bodies: [name: string, body: Bun.BodyInit | undefined, type: string | undefined, expected: string][] = [
  ["malformed JSON", `{"password":"${marker}"`, json, "400 input.malformed"],
  ["invalid UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), json, "400 input.malformed"],
  ["nothing", undefined, undefined, "400 input.invalid"],
  ["an empty text", "", json, "400 input.invalid"],
  ["an empty object", "{}", json, "400 input.invalid"],
  ["null", "null", json, "400 input.invalid"],
  ["an array", `["${marker}"]`, json, "400 input.invalid"],
  ["a text", `"${marker}"`, json, "400 input.invalid"],
  [
    "wrong types",
    `{"username":1,"password":{"a":"${marker}"},"refreshToken":[],"sessionId":true}`,
    json,
    "400 input.invalid",
  ],
  [
    "NUL bytes",
    `{"username":"a\\u0000b","password":"${marker}\\u0000","sessionId":"\\u0000","refreshToken":"\\u0000${marker}"}`,
    json,
    "400 input.invalid",
  ],
  [
    "a lone surrogate",
    `{"username":"\\ud800","password":"${marker}\\udfff","sessionId":"\\ud800","refreshToken":"\\ud800${marker}"}`,
    json,
    "400 input.invalid",
  ],
  ["over 16 KiB", JSON.stringify({ password: marker.repeat(1000) }), json, "413 input.too_large"],
  ["over 8 MiB", JSON.stringify({ password: marker.repeat(450_000) }), json, "413 input.too_large"],
  ["text", `password=${marker}`, "text/plain", "415 input.unsupported_media_type"],
  ["a form", new URLSearchParams({ username: "a", password: marker }), undefined, "415 input.unsupported_media_type"],
  ["XML", `<password>${marker}</password>`, "application/xml", "415 input.unsupported_media_type"],
  ["no type at all", Buffer.from(`{"password":"${marker}"}`), undefined, "415 input.unsupported_media_type"],
];

describe.each(routes)("%s answers bad input with a clear error and without the value", (path) => {
  test.each(bodies.map(([name, ...trial]) => ({ name, trial })))("$name", async ({ trial: [body, type, expected] }) => {
    const answer = await send(path, body, type === undefined ? {} : { "content-type": type });
    expect(`${answer.status} ${answer.body.code}`).toBe(expected);
    expect(answer.type).toBe("application/problem+json");
    expect(answer.raw).not.toContain(marker);
    expect(answer.body.requestId).toBeString();
    if (answer.body.code === "input.invalid") expect(answer.body.errors?.length).toBeGreaterThan(0);
  });

  test("a multipart form", async () => {
    const form = new FormData();
    form.set("password", marker);
    const answer = await send(path, form);
    expect(`${answer.status} ${answer.body.code}`).toBe("415 input.unsupported_media_type");
  });

  test("16 KiB and more in chunks of unannounced length", async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 40; i++) controller.enqueue(new TextEncoder().encode(marker.repeat(50)));
        controller.close();
      },
    });
    const answer = await send(path, chunks, { "content-type": json });
    expect(`${answer.status} ${answer.body.code}`).toBe("413 input.too_large");
  });
});

const field = (name: string, value: unknown) => ({ ...newPerson(), [name]: value });

describe("register names the path of each broken rule", () => {
  test.each([
    ["username", ""],
    ["username", " blank-before"],
    ["username", "x".repeat(256)],
    ["email", "not-an-email"],
    ["email", `${"x".repeat(250)}@example.com`],
    ["password", ""],
    ["password", "Secret-long-".repeat(334)],
    ["firstName", "a\u0007b"],
    ["lastName", ""],
    ["metadata", "text"],
    ["metadata", { big: "x".repeat(5000) }],
    ["metadata", { nul: "\0" }],
    ["storeId", 7],
  ])("%s", async (name, value) => {
    const answer = await journey.client.register<ProblemBody>(field(name, value));
    expect(`${answer.status} ${answer.body.code}`).toBe("400 input.invalid");
    expect(answer.body.errors?.map(({ path }) => path.split(".")[0])).toContain(name);
  });

  test("an unknown key, and keys that JavaScript treats specially", async () => {
    for (const extra of [`"isAdmin":true`, `"__proto__":{"enabled":true}`, `"constructor":1`, `"emailVerified":true`]) {
      const body = JSON.stringify(newPerson()).replace(/}$/, `,${extra}}`);
      const answer = await journey.client.post<ProblemBody>("/auth/register", body);
      expect(`${answer.status} ${answer.body.code}`).toBe("400 input.invalid");
    }
  });
});

test("an unknown address is 404, a known one by the wrong method 405 with Allow", async () => {
  const missing = await journey.client.post<ProblemBody>("/auth/nope", {});
  expect(`${missing.status} ${missing.body.code}`).toBe("404 request.not_found");
  const wrong = await journey.client.get<ProblemBody>("/auth/login");
  expect(`${wrong.status} ${wrong.body.code}`).toBe("405 request.method_not_allowed");
  expect(wrong.headers.get("allow")).toBe("POST");
});
