import type { Manifest, SourcePackage } from "./source-package.ts";

/**
 * Libraries whose objects go back and forth between the packages and their user (an app, a registry of metrics, a
 * schema): a second copy of one would not know the first one's. Any compatible version of the user's own will do.
 */
const SHARED: ReadonlySet<string> = new Set(["elysia", "prom-client", "zod"]);

/**
 * The `package.json` of a tarball. The packages are peers of each other: so there is one copy of each, whose errors and
 * guards the others recognise, and tarballs that are installed together are found without a registry.
 * @param scope such as `@acme`, instead of `@libs`
 */
export function packedManifest({ manifest }: SourcePackage, scope: string, description: string): object {
  const { name, version, license, engines } = manifest;
  const dependencies: Record<string, string> = {};
  const peerDependencies: Record<string, string> = {};
  for (const [dependency, wanted] of Object.entries(manifest.dependencies ?? {})) {
    // The packages have one version, and only that one is tested together.
    if (wanted.startsWith("workspace:")) peerDependencies[inScope(dependency, scope)] = version;
    else if (SHARED.has(dependency)) peerDependencies[dependency] = `^${wanted}`;
    else dependencies[dependency] = wanted;
  }
  Object.assign(peerDependencies, manifest.peerDependencies);
  return {
    name: inScope(name, scope),
    version,
    description,
    license,
    type: "module",
    engines,
    files: ["dist", "prisma"],
    exports: packedExports(manifest),
    ...(Object.keys(dependencies).length > 0 && { dependencies }),
    ...(Object.keys(peerDependencies).length > 0 && { peerDependencies }),
    peerDependenciesMeta: manifest.peerDependenciesMeta,
  };
}

/** Names of the packages, in any text: imports, declarations, examples. */
export const inScope = (text: string, scope: string): string => text.replaceAll("@libs/", `${scope}/`);

/** `./src/testing/index.ts` becomes the built files of the same place. */
function packedExports({ exports }: Manifest): Record<string, object | string> {
  const built = Object.entries(exports).map(([path, source]) => {
    const file = source.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, "");
    return [path, { types: `${file}.d.ts`, import: `${file}.js`, default: `${file}.js` }];
  });
  return { ...Object.fromEntries(built), "./package.json": "./package.json" };
}
