import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePorts, spawnSupervised } from "@libs/dev-stack";
import { inScope } from "../../pack/packed-manifest.ts";
import { eventually } from "./eventually.ts";

const root = join(import.meta.dir, "../..");

/** An empty project outside of the repository, into which packages are installed. */
export class InstalledProject {
  readonly #running: Bun.Subprocess[] = [];

  private constructor(
    readonly folder: string,
    readonly scope: string,
  ) {}

  static async create(scope: string): Promise<InstalledProject> {
    const project = new InstalledProject(await mkdtemp(join(tmpdir(), "installed-packages-")), scope);
    await project.write("package.json", JSON.stringify({ name: "own", private: true, type: "module" }));
    return project;
  }

  /** @param packages tarballs, or names with exact versions */
  async add(...packages: string[]): Promise<void> {
    await this.run([process.execPath, "add", "--exact", ...packages], process.env);
  }

  /** Writes a file in which the packages have the names of this project. */
  async write(path: string, text: string): Promise<void> {
    await Bun.write(join(this.folder, path), inScope(text, this.scope));
  }

  /** Files of the repository, at the same places. */
  async copy(...paths: string[]): Promise<void> {
    for (const path of paths) await this.write(path, await Bun.file(join(root, path)).text());
  }

  /** Writes the `ts` examples of a page. @returns their paths */
  async copyExamples(page: string, folder: string): Promise<string[]> {
    const text = await Bun.file(page).text();
    const paths: string[] = [];
    for (const [, code = ""] of text.matchAll(/```ts\n(.*?)```/gs)) {
      const path = join(folder, `example-${paths.length}.ts`);
      await this.write(path, code);
      paths.push(path);
    }
    return paths;
  }

  /** @throws Error with what the command wrote, where it fails */
  async run(command: string[], env: Record<string, string | undefined> = bare()): Promise<string> {
    return await outputOf(command, this.folder, env);
  }

  /** Starts a service. @returns its address, once it answers */
  async serve(command: string[], env: Record<string, string>): Promise<string> {
    const [port = 0] = freePorts(1);
    const child = spawnSupervised(command, {
      cwd: this.folder,
      stdout: "ignore",
      stderr: "inherit",
      env: { ...bare(), ...env, PORT: String(port) },
    });
    this.#running.push(child);
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => void (await fetch(url)), 60_000);
    return url;
  }

  async remove(): Promise<void> {
    for (const child of this.#running) child.kill();
    await Promise.all(this.#running.map((child) => child.exited));
    await rm(this.folder, { recursive: true });
  }
}

/** @throws Error with what the command wrote, where it fails */
async function outputOf(command: string[], cwd: string, env: Record<string, string | undefined>): Promise<string> {
  const child = Bun.spawn(command, { cwd, env, stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}:\n${output}${errors}`);
  return output;
}

const bare = () => ({ PATH: process.env.PATH, HOME: process.env.HOME });

/** Of all packages, packed by the repository's own command. @returns the tarballs by the packages' names */
export async function packPackages(scope: string, folder: string): Promise<Record<string, string>> {
  const env = { ...process.env, PACK_SCOPE: scope, PACK_OUTPUT: folder };
  const output = await outputOf([process.execPath, "run", "pack"], root, env);
  const files = [...output.matchAll(/^(\S+?)-(\d\S*)\.tgz/gm)].map(([file, name = ""]) => [
    name.slice(scope.length),
    join(folder, file),
  ]);
  return Object.fromEntries(files);
}

const NODE = "22.23.3";

/** A Node 22 or newer: that of the `PATH`, otherwise from npm. @param folder where that one is kept */
export async function findNode(folder: string): Promise<string> {
  const own = Bun.which("node");
  if (own && Number(Bun.spawnSync([own, "--version"]).stdout.toString().slice(1).split(".")[0]) >= 22) return own;
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  await Bun.write(join(folder, "package.json"), "{}");
  const add = Bun.spawnSync([process.execPath, "add", `${name}@${NODE}`], { cwd: folder });
  if (add.exitCode !== 0) throw new Error(add.stderr.toString());
  return join(dirname(Bun.resolveSync(`${name}/package.json`, folder)), "bin", "node");
}
