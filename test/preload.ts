// Loaded before every `bun test`: what tests import must exist, and what they started must end.
import { afterAll } from "bun:test";
import { ensureGenerated } from "../libs/dev-stack/src/setup/ensure-generated.ts";
import { stopTestStack } from "../libs/dev-stack/src/testing/use-stack.ts";

await ensureGenerated((line) => process.stderr.write(`${line}\n`));

// Runs once, after the last test of the last file.
afterAll(stopTestStack, 60_000);
