import { Glob } from "bun";
import { ROOT } from "../base/paths.ts";
import { bunTest } from "./bun-test.ts";

/** Test files of the ordinary suite that a cluster has to pass unchanged: the core journeys, races and the feed. */
const ORDINARY = [
  "journey",
  "random-kills",
  "refresh-replicas",
  "revocation",
  "backchannel-logout",
  "rights-on-replicas",
  "role-changes",
  "silent-changes",
  "feed-storm",
  "login-floods",
  "registration-recovery",
  "mixed-faults",
];

/**
 * `bun run test:cluster [arguments of bun test]`: the files of `test/cluster` and those of the ordinary suite that count,
 * on two nodes of Keycloak behind HAProxy. Files that are named are run instead.
 * @returns the exit code of `bun test`
 */
export function testCluster(args: readonly string[]): Promise<number> {
  const named = args.some((arg) => !arg.startsWith("-"));
  // Not called *.test.ts, so that `bun run test` leaves them out.
  const own = [...new Glob("test/cluster/*.ts").scanSync(ROOT)].sort().map((file) => `./${file}`);
  const files = named ? [] : [...ORDINARY.map((name) => `./test/${name}.test.ts`), ...own];
  return bunTest([...files, ...args], { KEYCLOAK_CLUSTER: "1" });
}
