import { type CatalogueEntry, catalogue, libraryCatalogue } from "@libs/problems";
import { orderProblems } from "../../apps/orders/src/services/order-error.ts";
import { generatedNote, table } from "./table.ts";

/** `docs/errors.md`, from the error catalogues. */
export function errorsPage(): string {
  return `# Errors

${generatedNote("libs/problems/src/catalogue.ts, libs/problems/src/library-catalogue.ts and apps/orders/src/services/order-error.ts")}

Every error answer is \`application/problem+json\` (RFC 9457):

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

Programs switch on \`code\`: codes stay, texts may be reworded. \`requestId\` is also the header \`x-request-id\` and stands on
every log line of the request. \`errors\` comes with input faults, \`actionUrl\` with \`auth.action_required\`. No answer ever
carries a submitted value, or a text of Keycloak's or the database's. In TypeScript the same codes are \`AuthErrorCode\` of
\`@libs/keycloak-authV2\`.

${errorTable(catalogue)}

## Of the orders service

Beside those of input, guard and database:

${errorTable(orderProblems)}

## In code

Every error that a public function of the libraries throws is a \`LibraryError\` of \`@libs/problems\`, with \`code\` and
\`status\`. Most are \`AuthError\`s, with a code of the first table. The database's (\`DatabaseError\`) have one of
\`database.unavailable\`, \`database.timeout\`, \`registration.recovering\` and \`internal.error\`. The others have one of
these codes; no answer of a service carries them. Their \`message\` says what is wrong, without any part of a secret.

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
