/**
 * Packs a staged package.
 * @param output folder of the tarball
 * @returns its path
 */
export async function packTarball(staged: string, output: string): Promise<string> {
  const pack = Bun.spawn([process.execPath, "pm", "pack", "--quiet", "--destination", output], {
    cwd: staged,
    stdout: "pipe",
    stderr: "inherit",
  });
  const tarball = (await pack.stdout.text()).trim();
  if ((await pack.exited) !== 0) throw new Error(`bun pm pack failed in ${staged}`);
  return tarball;
}
