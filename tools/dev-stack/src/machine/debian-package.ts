import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../base/paths.ts";
import { type Report, withHeartbeat } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { withFileLock } from "./file-lock.ts";
import { osRelease } from "./os-release.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

/** A program that can be started. */
export interface DebianProgram {
  path: string;
  /** To be added to the environment of the process: where its libraries are. */
  env: Record<string, string>;
}

export interface DebianProgramOptions {
  report: Report;
  /** The folders of `PATH` are searched first; the process's own environment by default. */
  env?: Record<string, string | undefined>;
  /** Folder for what is downloaded; the user's cache by default. */
  cache?: string;
}

/** Servers that tests need and npm does not bring, with Debian's package of each. */
const PACKAGES = { pgbouncer: "pgbouncer", haproxy: "haproxy" } as const;

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * Finds a server program: on the machine, else in Debian's package of it, which is downloaded and unpacked once into the
 * user's cache with the libraries that the machine lacks. Nothing is installed, so that no root is needed.
 * @throws StackError which says how to install the program by hand
 */
export async function debianProgram(
  program: keyof typeof PACKAGES,
  options: DebianProgramOptions,
): Promise<DebianProgram> {
  const { report, env = process.env, cache = cacheDir() } = options;
  const installed = onPath(program, env);
  if (installed) return { path: installed, env: {} };
  // Unpacked programs go with the libraries of the release that they were built for.
  const folder = join(cache, `packages-${osRelease()}-${process.arch}`, program);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const waiting = (pid: number) => report(`${program}: waiting for process ${pid}, which is downloading it.`);
    const download = () => withHeartbeat(report, `${program}: downloading Debian's package`, () => unpack());
    const unpack = () => prepare(program, folder);
    await withFileLock(`${folder}.lock`, download, waiting);
  }
  return unpacked(program, folder);
}

function onPath(program: string, env: Record<string, string | undefined>): string | undefined {
  const folders = [...(env["PATH"] ?? "").split(":").filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}

async function prepare(program: keyof typeof PACKAGES, folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.preparing.${process.pid}`;
  mkdirSync(join(draft, "archives"), { recursive: true });
  try {
    await download(program, draft);
    const archives = readdirSync(join(draft, "archives")).filter((name) => name.endsWith(".deb"));
    for (const name of archives) {
      await demand(program, runCommand(["dpkg-deb", "-x", join(draft, "archives", name), join(draft, "root")]));
    }
    const { path, env } = unpacked(program, join(draft, "root"));
    const { output } = await demand(program, runCommand(["ldd", path], { env: { ...process.env, ...env } }));
    if (output.includes("not found")) throw refusal(program, output);
    // Only a complete folder ever gets the final name.
    renameSync(join(draft, "root"), folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** With the package lists of the machine; where they are empty or too old, with lists of its own. */
async function download(program: keyof typeof PACKAGES, draft: string): Promise<void> {
  if ((await fetchArchives(program, draft, [])).code === 0) return;
  const own = [
    "-o",
    `Dir::State=${join(draft, "state")}`,
    "-o",
    `Dir::Cache=${join(draft, "cache")}`,
    "-o",
    "Dir::State::status=/var/lib/dpkg/status",
    "-o",
    "Debug::NoLocking=1",
  ];
  for (const name of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(draft, name), { recursive: true });
  await demand(program, runCommand(["apt-get", ...own, "update"]));
  await demand(program, fetchArchives(program, draft, own));
}

async function fetchArchives(
  program: keyof typeof PACKAGES,
  draft: string,
  options: readonly string[],
): Promise<CommandResult> {
  const name = PACKAGES[program];
  const install = ["install", "--simulate", "--no-install-recommends", name];
  const plan = await runCommand(["apt-get", ...options, "-o", "Debug::NoLocking=1", ...install]);
  if (plan.code !== 0) return plan;
  const libraries = [...plan.output.matchAll(/^Inst (lib\S+)/gm)].map(([, library = ""]) => library);
  // The loader belongs to the C library of the machine.
  const wanted = [name, ...libraries.filter((library) => !/^libc(6|-bin|-dev)/.test(library))];
  return runCommand(["apt-get", ...options, "download", ...wanted], { cwd: join(draft, "archives") });
}

function unpacked(program: string, root: string): DebianProgram {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  const path = files.find((file) => new RegExp(`(^|/)s?bin/${program}$`).test(file));
  if (!path) throw refusal(program, `no ${program} in ${root}`);
  const libraries = new Set(
    files.filter((file) => /\.so(\.[\d.]+)?$/.test(file)).map((file) => join(root, dirname(file))),
  );
  return { path: join(root, path), env: libraries.size > 0 ? { LD_LIBRARY_PATH: [...libraries].join(":") } : {} };
}

async function demand(program: string, running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  if (result.code !== 0) throw refusal(program, result.output);
  return result;
}

function refusal(program: string, output: string): StackError {
  const reason = output.trim().split("\n").slice(-5).join("\n");
  return new StackError(
    `${program} is not installed, and Debian's package of it can't be downloaded here.\n` +
      `Install it (apt-get install ${program}), or put it on the PATH.\n${reason}`,
  );
}
