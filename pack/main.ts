/**
 * `bun run pack`: a tarball of each package that other repositories may install, in `dist/packages`. `PACK_SCOPE=@acme`
 * packs them under a scope of your own instead of `@libs`, `PACK_OUTPUT` names another folder. Fails where a tarball would
 * not work for everybody.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { checkTarball } from "./check-tarball.ts";
import { compile } from "./compile.ts";
import { importFaults } from "./import-faults.ts";
import { packTarball } from "./pack-tarball.ts";
import { readSourcePackages } from "./source-package.ts";
import { stagePackage } from "./stage-package.ts";

const root = join(import.meta.dir, "..");
const output = process.env.PACK_OUTPUT || join(root, "dist", "packages");
const scope = process.env.PACK_SCOPE || "@libs";
if (!/^@[a-z0-9][a-z0-9._-]*$/.test(scope)) {
  console.error(`PACK_SCOPE must be a scope such as @acme, in lower case; it is "${scope}".`);
  process.exit(1);
}

const packages = readSourcePackages(root);
mkdirSync(output, { recursive: true });
for (const old of readdirSync(output)) if (old.endsWith(".tgz")) rmSync(join(output, old));
const work = join(output, `.work-${process.pid}`);
const compiled = join(work, "compiled");
const faults: string[] = [];
try {
  await compile(root, packages, compiled);
  for (const source of packages) {
    const staged = join(work, "staged", source.name);
    await stagePackage(source, { root, compiled, to: staged, scope });
    const tarball = await packTarball(staged, output);
    const found = [...importFaults(staged), ...(await checkTarball(root, tarball))];
    faults.push(...found.map((fault) => `${basename(tarball)}: ${fault}`));
    console.log(`${basename(tarball).padEnd(36)} ${Math.ceil(statSync(tarball).size / 1024)} kB`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
