// The bootstrap reads this before anything is installed: nothing but Bun and node built-ins may be imported.
import { StackError } from "../base/stack-error.ts";

/** A Keycloak that the stack can get by itself. */
export interface KeycloakRelease {
  version: string;
  /** SHA-256 of `org.keycloak:keycloak-quarkus-dist:<version>:tar.gz` on Maven Central. */
  sha256: string;
}

/** The newest patch on Maven Central of each minor, oldest first. `bun run test:matrix` runs all of them. */
export const KEYCLOAK_RELEASES: readonly KeycloakRelease[] = [
  { version: "24.0.5", sha256: "5a0332a57d7bef07cf79dbde621589bd8e58a323c314649c2b7c495b60385c6c" },
  { version: "25.0.6", sha256: "df21890b149be8e81b8bca802468dc52f70b8bbc8a06079906316a9ef1c373f0" },
  { version: "26.0.8", sha256: "8cf143b894afcf7d3be4549dc5af4790bda63bd471a5ac8e384094fb729e4b15" },
  { version: "26.1.4", sha256: "db50b1286da510dea3f50d1c4f9128354d57065e805bd4b1bd1b456773b065c9" },
  { version: "26.2.5", sha256: "e99e5f8783ea8f1cc04140b7033ea7291ff9898a088f37399b88651d81238f88" },
  { version: "26.3.5", sha256: "3b662719e20cd87e7dbb913a85870efba49652852a08b4821cb78f24a3288918" },
  { version: "26.4.7", sha256: "aca60ab72ae4d67adc6b8fe7fca5e08d16a6bb5e4a4f2ebb54050e3f5503fd2b" },
  { version: "26.5.6", sha256: "fa3dd5df90b9ac006712c2f0991be4e8a6cb30ac538e0439ce2f45fc40f4c692" },
  { version: "26.6.4", sha256: "386b566bbea05527226e275c43e5cf6f218896ad2441ac4be5c39f1226772e8f" },
  { version: "26.7.4", sha256: "04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee" },
];

/**
 * The release that is asked for.
 * @param wanted a version (26.4.7) or a minor (26.4)
 * @throws StackError, with what there is, for one that the stack doesn't know
 */
export function keycloakRelease(wanted: string): KeycloakRelease {
  const release = KEYCLOAK_RELEASES.find(({ version }) => isVersion(version, wanted));
  if (release) return release;
  const known = KEYCLOAK_RELEASES.map(({ version }) => version).join(", ");
  throw new StackError(
    `There is no pinned Keycloak ${wanted}; there are ${known}.\n` +
      "Any other one: unpack it yourself and point KEYCLOAK_HOME at it.",
  );
}

/** Whether a full version is the one that is asked for, or a patch of the minor. */
export function isVersion(version: string, wanted: string): boolean {
  return version === wanted || (/^\d+\.\d+$/.test(wanted) && version.startsWith(`${wanted}.`));
}

/** Whether a version is a given major and minor or newer; Red Hat's `26.2.5.redhat-00001` is 26.2. */
export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [actualMajor = 0, actualMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
