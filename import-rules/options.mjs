// @ts-check

/**
 * How dependency-cruiser reads this repository. Imports of types count: a file can't be read without them.
 * @type {import("dependency-cruiser").ICruiseOptions}
 */
export const options = {
  tsPreCompilationDeps: true,
  doNotFollow: { path: "node_modules|/generated/" },
  enhancedResolveOptions: {
    exportsFields: ["exports"],
    conditionNames: ["import", "default", "types"],
    extensions: [".ts", ".js"],
  },
};
