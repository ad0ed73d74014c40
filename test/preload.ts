// Loaded before every `bun test`: what tests import must exist, and what they started must end.
import { afterAll } from "bun:test";
import { ensureGenerated } from "../tools/dev-stack/src/setup/ensure-generated.ts";
import { TRACES } from "../tools/dev-stack/src/testing/parallel-run.ts";
import { openedStack, stopTestStack } from "../tools/dev-stack/src/testing/use-stack.ts";

await ensureGenerated((line) => process.stderr.write(`${line}\n`));

// After the last test of the last file; an error here fails the run. A worker of a parallel run comes here after each
// file, and leaves the search and the servers to the run.
afterAll(async () => {
  const stack = await openedStack();
  const folder = process.env[TRACES];
  if (folder) return (await import("./support/traces.ts")).writeTraces(folder);
  if (!stack) return;
  try {
    const { assertNoSecretsLeft, databasesOfRun } = await import("./support/secret-search.ts");
    const { ownTraces } = await import("./support/traces.ts");
    await assertNoSecretsLeft(ownTraces(), await databasesOfRun(stack.databaseUrl), Object.values(stack.logs));
  } finally {
    await stopTestStack();
  }
}, 120_000);
