import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Who listens on a TCP port. */
export interface PortOwner {
  pid: number;
  name: string;
}

/** Looks up the process that listens on `port`: `/proc` first, else `lsof`. Undefined where it can't be seen. */
export function portOwner(port: number): PortOwner | undefined {
  return process.platform === "linux" ? (ownerFromProc(port) ?? ownerFromLsof(port)) : ownerFromLsof(port);
}

function ownerFromProc(port: number): PortOwner | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(readOr(table, ""), port)),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of listOr("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of listOr(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode && inodes.has(inode)) return { pid: Number(pid), name: readOr(`/proc/${pid}/comm`, "?").trim() };
    }
  }
  return undefined;
}

/** Socket inodes in state LISTEN on `port`, out of a table in the form of `/proc/net/tcp` (proc(5)). */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === "0A")
    .flatMap((columns) => (columns[9] ? [columns[9]] : []));
}

function ownerFromLsof(port: number): PortOwner | undefined {
  const answer = spawnSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { encoding: "utf8" });
  return parseLsof(answer.stdout ?? "");
}

/** First process in the output of `lsof -Fpc` (lines `p<pid>` and `c<command>`). */
export function parseLsof(output: string): PortOwner | undefined {
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  return pid ? { pid: Number(pid), name: /^c(.+)$/m.exec(output)?.[1] ?? "?" } : undefined;
}

const readOr = (file: string, otherwise: string): string => attempt(() => readFileSync(file, "utf8"), otherwise);
const listOr = (folder: string): string[] => attempt(() => readdirSync(folder), []);
const linkOr = (link: string): string => attempt(() => readlinkSync(link), "");

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
