// Loaded before `authctl` by `bun run authctl`. Where no stack was ever started there may be no dependency of this package
// either: nothing but Bun and node built-ins may be imported until its file is there.
import { existsSync } from "node:fs";
import { STACK_FILE } from "../base/paths.ts";

if (existsSync(STACK_FILE)) {
  const { takeRunningStack } = await import("../operator-environment.ts");
  const stack = takeRunningStack(process.env);
  if (stack)
    process.stderr.write(`authctl: on this folder's running stack, ${stack.keycloakUrl}, realm ${stack.realm}\n`);
}
