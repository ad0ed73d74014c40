import { consoleReport } from "../base/report.ts";
import type { TestStack } from "./open-test-stack.ts";

const KEY = Symbol.for("@libs/dev-stack.test-stack");
const holder = globalThis as { [KEY]?: Promise<TestStack> };

/**
 * The stack of this test process, opened at the first call: pure unit tests never pay for it. `test/preload.ts` stops it
 * after the last test. Give the hook time: `beforeAll(async () => { stack = await useStack(); }, STACK_TIMEOUT_MS)`.
 */
export function useStack(): Promise<TestStack> {
  holder[KEY] ??= open();
  return holder[KEY];
}

/** For hooks that call {@link useStack}: the very first start on a machine downloads and builds Keycloak. */
export const STACK_TIMEOUT_MS = 480_000;

/** The stack of this process if one was opened, and undefined if none was or if it could not be. */
export async function openedStack(): Promise<TestStack | undefined> {
  return await holder[KEY]?.catch(() => undefined);
}

/** Stops the stack of this process if one was opened. */
export async function stopTestStack(): Promise<void> {
  const opened = holder[KEY];
  delete holder[KEY];
  const stack = await opened?.catch(() => undefined);
  await stack?.stop();
}

async function open(): Promise<TestStack> {
  // Loaded late, so that the preload, which runs for every test, stays light.
  const { openTestStack } = await import("./open-test-stack.ts");
  return openTestStack({ report: consoleReport(Date.now(), (text) => process.stderr.write(text)) });
}
