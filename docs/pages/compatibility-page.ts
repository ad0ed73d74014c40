import { combinations } from "../../test/versions/combinations.ts";
import { readMeasured } from "../../test/versions/measured.ts";
import { measuredTable } from "../../test/versions/measured-table.ts";
import { generatedNote } from "./table.ts";

/** `docs/compatibility.md`, from the versions that the dev stack pins and what `bun run test:matrix` measured on them. */
export function compatibilityPage(): string {
  const measured = readMeasured();
  const pairs = combinations();
  const runs = pairs.flatMap((pair) =>
    measured.filter(({ keycloak, postgres }) => keycloak === pair.keycloak && postgres === pair.postgres),
  );
  const days = runs.map(({ day }) => day).sort();
  const failed = runs.flatMap(({ keycloak, postgres, failed: names }) =>
    names.map((name) => `- Keycloak ${keycloak}, PostgreSQL ${postgres}: ${name}`),
  );
  return `# Versions of Keycloak and PostgreSQL

${generatedNote("test/versions/measured.json and tools/dev-stack/src/keycloak/releases.ts by way of docs/pages/compatibility-page.ts")}

The core journeys run on real servers of these versions: the newest patch of each Keycloak minor with the newest PostgreSQL,
and each PostgreSQL major with the newest Keycloak. The journeys cover registration, login, refused logins and their limit,
refresh (races, theft), logout, back-channel logout, guarded services, changes in Keycloak, \`users sync\`, \`verify\`,
\`repair\` and \`export\`, \`realm apply\`, and the doctor.

${measuredTable(pairs, measured)}
${days.length > 0 ? `Run ${[...new Set([days[0], days.at(-1)])].join(" to ")}, on a machine with two cores that was also doing other work: compare the times with each other, don't quote them.` : "Not run yet."}
${failed.length > 0 ? `\nFailed:\n\n${failed.join("\n")}\n` : ""}
- **refused logins that count**: how many of three refused logins count against the account; the limit is three.
- **changes arrive**: the median and the longest time until the application's database agrees with Keycloak, measured from
  Keycloak's response to an edit, a disabled or deleted user, a reset password or an ended session. *By events*: reconciliation
  is off. *By reconciliation*: this Keycloak's events can't be read in order, so users and sessions are compared continuously,
  here with a \`RECONCILE_PERIOD_MS\` of 5 s; the default is 15 minutes.

\`bun run test:matrix\` runs it again ([CONTRIBUTING.md](../CONTRIBUTING.md)).
`;
}
