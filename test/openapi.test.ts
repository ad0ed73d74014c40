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

test("each route declares every status that it can give, each with a schema", async () => {
  const { paths } = await document();
  const statuses = Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(Object.entries(operations).map(([method, { responses }]) => [method, Object.keys(responses)])),
    ]),
  );
  const failures = ["400", "413", "415", "500", "502", "503", "504"];
  const sorted = (...own: string[]) => [...own, ...failures].toSorted();
  const person = ["200", "400", "401", "500", "503", "504"];
  expect(statuses).toEqual({
    "/auth/register": { post: sorted("201", "409", "422", "429") },
    "/auth/login": { post: sorted("200", "401", "403", "429") },
    "/auth/refresh": { post: sorted("200", "401", "429") },
    "/auth/logout": { post: sorted("200", "401") },
    "/auth/backchannel-logout": { post: ["200", "400", "404", "413", "415", "500", "503", "504"] },
    "/auth/me": { get: person },
    "/auth/sessions": { get: person },
    "/auth/sessions/{id}": { delete: [...person, "404"].toSorted() },
    "/auth/logout-all": { post: person },
    "/auth/activity": { get: person },
    "/health/live": { get: ["200"] },
    "/health/ready": { get: ["200", "503"] },
  });
  for (const operations of Object.values(paths)) {
    for (const { responses } of Object.values(operations)) {
      for (const { content } of Object.values(responses)) {
        expect(Object.values(content ?? {})[0]?.schema).toBeObject();
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
