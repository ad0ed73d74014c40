import { expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { useJourney } from "./support/journey.ts";

const journey = useJourney();

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
  requestBody?: object;
}
type Document = { paths: Record<string, Record<string, Operation>> };

async function document(): Promise<Document> {
  return (await journey.client.get<Document>("/openapi/json")).body;
}

test("the document is valid OpenAPI", async () => {
  const result = await new Validator().validate(await document());
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
});

test("each route declares every status that it can give, each with a schema and the content type that is sent", async () => {
  const { paths } = await document();
  const statuses = Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(Object.entries(operations).map(([method, { responses }]) => [method, Object.keys(responses)])),
    ]),
  );
  const sorted = (...all: string[]) => all.toSorted();
  const always = ["400", "431", "500"];
  const reading = [...always, "413", "415"];
  const flow = [...reading, "502", "503", "504"];
  const person = [...always, "200", "401", "503", "504"];
  expect(statuses).toEqual({
    "/auth/register": { post: sorted(...flow, "201", "409", "422", "429") },
    "/auth/login": { post: sorted(...flow, "200", "401", "403", "429") },
    "/auth/refresh": { post: sorted(...flow, "200", "401", "429") },
    "/auth/logout": { post: sorted(...flow, "200", "401") },
    "/auth/backchannel-logout": { post: sorted(...reading, "200", "404", "503", "504") },
    "/auth/me": { get: sorted(...person) },
    "/auth/sessions": { get: sorted(...person) },
    "/auth/sessions/{id}": { delete: sorted(...person, "404", "413", "415") },
    "/auth/logout-all": { post: sorted(...person, "413", "415") },
    "/auth/activity": { get: sorted(...person) },
    "/health/live": { get: sorted(...always, "200") },
    "/health/ready": { get: sorted(...always, "200", "503") },
  });
  for (const [path, operations] of Object.entries(paths)) {
    for (const { responses } of Object.values(operations)) {
      for (const [status, { content }] of Object.entries(responses)) {
        // The server below us answers 431, without a body; readiness is no problem document.
        const isProblem = status >= "400" && path !== "/health/ready";
        const types = status === "431" ? [] : [isProblem ? "application/problem+json" : "application/json"];
        expect(Object.keys(content ?? {}), `${path} ${status}`).toEqual(
          path === "/health/ready" && ["400", "500"].includes(status) ? ["application/problem+json"] : types,
        );
        for (const { schema } of Object.values(content ?? {})) expect(schema).toBeObject();
      }
    }
  }
});

test("the page to try it is served from the gateway itself", async () => {
  const page = await journey.client.get("/openapi");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toContain("text/html");
  const assets = [...page.raw.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(assets.length).toBeGreaterThan(0);
  for (const asset of assets) {
    expect(asset).toStartWith("/openapi/");
    expect((await journey.client.get(asset)).status).toBe(200);
  }
});
