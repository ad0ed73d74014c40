// @ts-check
import { options } from "./options.mjs";

// Folders depend on each other in one direction. Tests and test support are left out: they use what they test, and what
// they test does not use them (files.mjs).

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circular-folders",
      comment: "Folders depend on each other in one direction.",
      scope: "folder",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    ...options,
    exclude: { path: "node_modules|/generated/|/testing/|[.]test[.]ts$" },
  },
};
