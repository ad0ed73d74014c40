import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dir, "..");

/** Examples out of a document, as files that can be compiled. */
export class ExamplesFolder {
  private constructor(private readonly folder: string) {}

  /** @param prefix begins the folder's name */
  static async open(prefix: string): Promise<ExamplesFolder> {
    await mkdir(join(root, ".dev"), { recursive: true });
    return new ExamplesFolder(await mkdtemp(join(root, ".dev", `${prefix}-`)));
  }

  async add(name: string, code: string): Promise<void> {
    await Bun.write(join(this.folder, `${name}.ts`), code);
  }

  /** @returns what the compiler says of all of them, and its exit code */
  async compile(): Promise<{ output: string; code: number }> {
    const config = { extends: "../../tsconfig.json", include: ["./*.ts", "../../libs/**/*.d.ts"], exclude: [] };
    await Bun.write(join(this.folder, "tsconfig.json"), JSON.stringify(config));
    const command = [process.execPath, "x", "tsc", "--noEmit", "-p", this.folder];
    const tsc = Bun.spawn(command, { cwd: root, stdout: "pipe" });
    return { output: await tsc.stdout.text(), code: await tsc.exited };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
