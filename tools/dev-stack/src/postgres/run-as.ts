import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, statSync } from "node:fs";
import { StackError } from "../base/stack-error.ts";

/** The user that PostgreSQL's programs run as. Both undefined: as ourselves. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

/** PostgreSQL refuses to run as root, so root hands it to the user `postgres`, or to `nobody` where there is none. */
export function postgresUser(isRoot = process.getuid?.() === 0): RunAs {
  if (!isRoot) return {};
  for (const name of ["postgres", "nobody"]) {
    const uid = numericId("-u", name);
    const gid = numericId("-g", name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new StackError(
    "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor a user nobody.\n" +
      "Run the command as another user, or create one: useradd --system postgres",
  );
}

function numericId(flag: string, name: string): number | undefined {
  const answer = spawnSync("id", [flag, name], { encoding: "utf8" });
  return answer.status === 0 ? Number(answer.stdout.trim()) : undefined;
}

/** Whether that user can enter `folder`: every folder above it counts. */
export function canEnter(folder: string, { uid, gid }: RunAs): boolean {
  if (uid === undefined) return true;
  return spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", folder], { uid, gid, cwd: "/" }).status === 0;
}

/** Makes a folder that only that user can read. */
export function makePrivateFolder(folder: string, { uid, gid }: RunAs): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
}

/** Makes a folder that everyone may enter, and refuses one that another user has put there before us. */
export function makePublicFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const owner = statSync(folder).uid;
  if (owner !== process.getuid?.()) throw new StackError(`The folder ${folder} belongs to another user.`);
}
