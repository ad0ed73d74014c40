// Loaded before every `bun test`: what tests import must exist, and what they started must end.
import { afterAll } from "bun:test";
import { ensureGenerated } from "../libs/dev-stack/src/setup/ensure-generated.ts";
import { openedStack, stopTestStack } from "../libs/dev-stack/src/testing/use-stack.ts";

await ensureGenerated((line) => process.stderr.write(`${line}\n`));

// Runs once, after the last test of the last file; an error here fails the run.
afterAll(async () => {
  const stack = await openedStack();
  if (!stack) return;
  try {
    const { assertNoSecretsLeft } = await import("./support/secret-search.ts");
    await assertNoSecretsLeft(stack);
  } finally {
    await stopTestStack();
  }
}, 120_000);
