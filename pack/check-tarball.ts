/**
 * Checks a tarball as its users' tools see it: `publint` its layout, `attw` its types.
 * @returns what they found; empty: nothing
 * @see https://publint.dev and https://github.com/arethetypeswrong/arethetypeswrong.github.io
 */
export async function checkTarball(root: string, tarball: string): Promise<string[]> {
  const checks = [
    ["publint", "run", tarball, "--strict"],
    ["attw", tarball, "--profile", "esm-only", "--no-emoji", "--no-color"],
  ];
  const found = await Promise.all(
    checks.map(async ([tool = "", ...args]) => {
      const run = Bun.spawn([process.execPath, "x", "--no-install", tool, ...args], {
        cwd: root,
        stdout: "pipe",
        stderr: "pipe",
      });
      const [output, errors] = await Promise.all([run.stdout.text(), run.stderr.text()]);
      return (await run.exited) === 0 ? [] : [`${tool}: ${output}${errors}`];
    }),
  );
  return found.flat();
}
