import { file } from "bun";
import { Elysia } from "elysia";
import styles from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { z } from "zod";
import { type OpenApiOptions, openApiDocument } from "./openapi/openapi-document.ts";

/** Imported as files, so that a bundled service brings them along. */
const assets = { "swagger-ui.css": styles, "swagger-ui-bundle.js": script };

/**
 * `/openapi/json`, and a page at `/openapi` to try it: served from here, so that no third party's script runs on this origin.
 * @param options title, version and tags of the document
 * @returns a plugin
 * @see {@link serviceBase}
 */
export function openApi(options: OpenApiOptions) {
  const app = new Elysia({ name: "openapi-page" });
  // Made at the first request, when the routes of the whole service are known.
  let document: ReturnType<typeof openApiDocument> | undefined;
  return app
    .get(
      "/openapi/json",
      async () => {
        document ??= openApiDocument(app, options);
        const made = document;
        return (await options.amend?.(made).catch(() => made)) ?? made;
      },
      { detail: { hide: true } },
    )
    .get("/openapi", ({ set }) => page(options.title, set.headers), { detail: { hide: true } })
    .get("/openapi/assets/page.js", () => typed(pageScript, "text/javascript"), { detail: { hide: true } })
    .get("/openapi/assets/:name", ({ params: { name } }) => file(new URL(assets[name], import.meta.url)), {
      params: z.strictObject({ name: z.enum(["swagger-ui.css", "swagger-ui-bundle.js"]) }),
      detail: { hide: true },
    });
}

const pageScript = `SwaggerUIBundle({ url: "/openapi/json", dom_id: "#ui", deepLinking: true });`;

function page(title: string, headers: Record<string, unknown>): Response {
  headers["content-security-policy"] =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
  return typed(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<link rel="stylesheet" href="/openapi/assets/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/openapi/assets/swagger-ui-bundle.js"></script><script src="/openapi/assets/page.js"></script></body></html>`,
    "text/html",
  );
}

function typed(body: string, type: string): Response {
  return new Response(body, { headers: { "content-type": `${type}; charset=utf-8` } });
}
