import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc/<pid>/stat; 100 a second on every Linux that Bun runs on (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** CPU time that a process and its children have used, in milliseconds; NaN where /proc does not say. */
export function cpuMs(pid: number | undefined): number {
  if (pid === undefined) return Number.NaN;
  try {
    return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + ownCpuMs(each), 0);
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** Fields after the name, which may hold blanks: state, ppid, …, utime, stime, cutime, cstime. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function ownCpuMs(pid: number): number {
  try {
    const fields = statOf(pid);
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
    return (ticks * 1000) / ticksPerSecond;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      try {
        return Number(statOf(candidate)[1]) === pid;
      } catch {
        return false;
      }
    });
}
