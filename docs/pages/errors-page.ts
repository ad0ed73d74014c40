import { type CatalogueEntry, catalogue, libraryCatalogue } from "@libs/problems";
import { orderProblems } from "../../apps/orders/src/services/order-error.ts";
import { generatedNote, table } from "./table.ts";

/** `docs/errors.md`, from the error catalogues. */
export function errorsPage(): string {
  return `# Errors

${generatedNote("libs/problems/src/catalogue.ts, libs/problems/src/library-catalogue.ts and apps/orders/src/services/order-error.ts")}

Every error response is \`application/problem+json\` (RFC 9457):

\`\`\`json
{
  "type": "urn:problem-type:input.invalid",
  "title": "The input breaks a rule.",
  "status": 400,
  "code": "input.invalid",
  "detail": "\`errors\` lists each field and the rule that it breaks.",
  "requestId": "b5a1a3f0-3b7e-4b57-9a5e-0d3a6d1f2c44",
  "errors": [{ "path": "email", "message": "must be an email address" }]
}
\`\`\`

Programs should switch on \`code\`: codes never change, texts may be reworded. \`requestId\` is also sent in the header
\`x-request-id\`, and is in every log line of the request. \`errors\` is included for invalid input, and \`actionUrl\` for
\`auth.action_required\`. No response ever contains a submitted value, or any text from Keycloak or the database. In TypeScript,
these codes are the type \`AuthErrorCode\` of \`@libs/keycloak-authV2\`.

${errorTable(catalogue)}

## Of the orders service

In addition to the errors for input, guards and the database:

${errorTable(orderProblems)}

## In code

Every error that a public function of the libraries throws is a \`LibraryError\` of \`@libs/problems\`, with \`code\` and
\`status\`. Most are \`AuthError\`s, with a code of the first table. Database errors (\`DatabaseError\`) have one of the codes
\`database.unavailable\`, \`database.timeout\`, \`registration.recovering\` and \`internal.error\`. All others have one of the
codes below, which no service ever sends in a response. Their \`message\` says what is wrong, without any part of a secret.

${libraryTable()}
`;
}

function libraryTable(): string {
  const rows = Object.entries(libraryCatalogue).map(([code, { status, title, hint }]) => [
    `\`${code}\``,
    String(status),
    title,
    hint,
  ]);
  return table(["code", "status", "title", "what to do"], rows);
}

function errorTable(entries: Record<string, CatalogueEntry>): string {
  const rows = Object.entries(entries).map(([code, { status, title, hint, retryAfterSeconds }]) => [
    `\`${code}\``,
    String(status),
    title,
    hint,
    retryAfterSeconds === undefined ? "" : `${retryAfterSeconds} s`,
  ]);
  return table(["code", "status", "title", "what to do", "Retry-After"], rows);
}
