import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordSecret } from "./secrets-seen.ts";

/** Secrets as files, as Kubernetes mounts them: the names are links into a folder that is swapped as a whole. */
export class SecretFolder {
  readonly #root = mkdtempSync(join(tmpdir(), "mounted-"));
  readonly #contents: Record<string, string>;
  #version = 0;

  /** @param contents by variable */
  constructor(contents: Record<string, string>) {
    this.#contents = contents;
    this.#publish();
    for (const name of Object.keys(contents)) symlinkSync(join("..data", name), join(this.#root, name));
  }

  /** The variables that name the files. */
  get environment(): Record<string, string> {
    const names = Object.keys(this.#contents);
    return Object.fromEntries(
      names.flatMap((name) => [
        [`${name}_FILE`, join(this.#root, name)],
        [name, ""],
      ]),
    );
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  /** Swaps all files at once, as Kubernetes does. */
  swap(changes: Record<string, string>): void {
    Object.assign(this.#contents, changes);
    this.#publish();
  }

  /** Writes one file in place, as `echo … > file` on a Docker host does. */
  overwrite(name: string, content: string): void {
    recordSecret(content);
    writeFileSync(join(this.#root, "..data", name), content);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #publish(): void {
    const folder = `..${this.#version++}`;
    mkdirSync(join(this.#root, folder));
    for (const [name, content] of Object.entries(this.#contents)) {
      recordSecret(content);
      writeFileSync(join(this.#root, folder, name), `${content}\n`);
    }
    symlinkSync(folder, join(this.#root, "..next"));
    renameSync(join(this.#root, "..next"), join(this.#root, "..data"));
  }
}
