import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { MINIMUM_JAVA } from "../base/constants.ts";

/** A Java that Keycloak can run on. */
export interface Java {
  /** The `java` executable. */
  path: string;
  /** Feature release, e.g. 21. */
  version: number;
}

/** Folders in which the usual installers put their JDKs, one per subfolder. */
const USUAL_FOLDERS = [
  "/usr/lib/jvm",
  "/usr/java",
  "/opt/java",
  "/opt/homebrew/opt",
  "/usr/local/opt",
  "/Library/Java/JavaVirtualMachines",
  join(homedir(), ".sdkman/candidates/java"),
  join(homedir(), ".jdks"),
  join(homedir(), ".asdf/installs/java"),
  join(homedir(), ".local/share/mise/installs/java"),
];

/**
 * The first Java that is new enough: `JAVA_HOME`, then `PATH`, then the usual folders.
 * @param folders searched last; each holds one JDK per subfolder
 */
export function findJava(
  env: Record<string, string | undefined> = process.env,
  folders: readonly string[] = USUAL_FOLDERS,
): Java | undefined {
  for (const path of candidates(env, folders)) {
    if (!existsSync(path)) continue;
    const version = javaVersion(path);
    if (version !== undefined && version >= MINIMUM_JAVA) return { path, version };
  }
  return undefined;
}

function* candidates(env: Record<string, string | undefined>, folders: readonly string[]): Generator<string> {
  if (env["JAVA_HOME"]) yield join(env["JAVA_HOME"], "bin/java");
  for (const folder of (env["PATH"] ?? "").split(delimiter)) if (folder) yield join(folder, "java");
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort().reverse()) {
      yield join(folder, name, "bin/java");
      yield join(folder, name, "Contents/Home/bin/java");
    }
  }
}

function javaVersion(path: string): number | undefined {
  // `java -version` writes to stderr. macOS has a stub `java` that only asks to install one: it fails here.
  const answer = spawnSync(path, ["-version"], { encoding: "utf8" });
  return answer.status === 0 ? parseJavaVersion(`${answer.stderr}${answer.stdout}`) : undefined;
}

/** Feature release out of `java -version`: 17 of "17.0.15", 25 of "25", 8 of "1.8.0_402". */
export function parseJavaVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match ? Number(match[1]) : undefined;
}
