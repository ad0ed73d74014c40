import { expect, test } from "bun:test";
import { isRunner } from "./runner-watch.ts";

test.each([
  [["/usr/bin/bun", "run", "start"], true],
  [["node", "/usr/lib/node_modules/npm/bin/npx-cli.js", "--yes", "bun@1.4.5", "run", "start"], true],
  [["npm exec bun@1.4.5 run start"], true],
  [["sh", "-c", "bun run start"], true],
  [["-bash"], false],
  [["bash", "-c", "sleep 1"], false],
  [["node", "/opt/editor/server.js"], false],
  [["bun", "tools/dev-stack/src/cli/bootstrap.ts", "start"], false],
  [[], false],
])("%p is a package runner: %p", (command, expected) => {
  expect(isRunner(command as string[])).toBe(expected as boolean);
});
