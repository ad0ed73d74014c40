import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The packages that other repositories may install, each after those that it needs. */
const PACKED = [
  "problems",
  "observability",
  "postgres",
  "auth-guard",
  "database",
  "http",
  "keycloak-authV2",
  "keycloak-realm",
] as const;

export interface Manifest {
  name: string;
  version: string;
  license: string;
  /** Source files, by sub-path. */
  exports: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional: boolean }>;
  engines?: Record<string, string>;
}

export interface SourcePackage {
  /** Of its folder: `auth-guard`. */
  name: string;
  folder: string;
  manifest: Manifest;
}

export function readSourcePackages(root: string): SourcePackage[] {
  return PACKED.map((name) => {
    const folder = join(root, "libs", name);
    return { name, folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) };
  });
}
