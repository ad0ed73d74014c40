// @ts-check
import { options } from "./options.mjs";

// Which file may import which. Paths are those that an import resolves to, whatever it is written as; a package that is
// not installed keeps its name. Biome checks imported names (`noRestrictedImports` in biome.json).

const TESTS = "[.]test[.]ts$|^(apps|libs)/[^/]+/src/testing/";
const ROUTES = "^apps/[^/]+/src/(routes|http)/";
const FLOWS = "^apps/[^/]+/src/services/|^libs/keycloak-authV2/src/(services|events)/";
const KEYCLOAK_ADAPTERS = "^(apps|libs)/.+/keycloak/";

/** They connect adapters to the ports of the flows. */
const FACADES = [
  "^libs/keycloak-authV2/src/events/change-feed.ts$",
  "^libs/keycloak-authV2/src/events/outbox/open-domain-events.ts$",
  "^libs/keycloak-authV2/src/services/bulk/bulk-service.ts$",
  "^libs/keycloak-authV2/src/services/integration/keycloak-integration-service.ts$",
  "^libs/keycloak-authV2/src/services/people/person-service.ts$",
  "^libs/keycloak-authV2/src/services/sync/create-sync-deps.ts$",
  "^libs/keycloak-authV2/src/services/sync/user-sync-service.ts$",
];

/** @param {string} names alternatives, as a regular expression */
const packages = (names) => `(^|node_modules/)(${names})(/|$)`;

/** What runs in production: neither tests nor tools. */
const production = (/** @type {string[]} */ ...except) => ({ path: "^(apps|libs)/", pathNot: [TESTS, ...except] });

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const forbidden = [
  {
    name: "no-circular-files",
    comment: "Files depend on each other in one direction; types alone may refer to each other.",
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
  },
  {
    name: "no-unresolved",
    comment: "The rules see only what can be resolved. `bun run generate` writes the Prisma client.",
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: "generated-client",
    comment: "Only libs/database/src/prisma/* imports the generated client: use a repository.",
    from: { pathNot: ["^libs/database/src/prisma/", "/generated/"] },
    to: { path: "/generated/" },
  },
  {
    name: "prisma",
    comment: "Only libs/database knows Prisma: use a repository.",
    from: production("^libs/database/src/(prisma|cli|generated)/"),
    to: { path: packages("@prisma/[^/]+") },
  },
  {
    name: "keycloak-libraries",
    comment: "Only libs/keycloak-authV2/src/keycloak/* imports Keycloak's libraries: use a port.",
    from: production("^libs/keycloak-authV2/src/keycloak/"),
    to: { path: packages("@keycloak/[^/]+") },
  },
  {
    name: "jose",
    comment: "Only libs/*/src/keycloak/* imports jose: use a port.",
    from: production("^libs/(keycloak-authV2|auth-guard)/src/keycloak/"),
    to: { path: packages("jose") },
  },
  {
    name: "test-support",
    comment: "Production code imports no test support.",
    from: production(),
    to: { path: "^(apps|libs)/.+/testing/|^test/" },
  },
  {
    name: "dev-stack",
    comment: "Only tests on the real stack use the dev stack; they are in /test.",
    from: { path: "^(apps|libs)/" },
    to: { path: "^tools/" },
  },
  {
    name: "libs-without-apps",
    comment: "Apps depend on the libs, never the other way round.",
    from: { path: "^libs/" },
    to: { path: "^apps/" },
  },
  {
    name: "apps-alone",
    comment: "No app depends on another one.",
    from: { path: "^apps/([^/]+)/" },
    to: { path: "^apps/", pathNot: "^apps/$1/" },
  },
  {
    name: "routes-without-keycloak",
    comment: "Routes call services, never Keycloak.",
    from: { path: ROUTES, pathNot: TESTS },
    to: { path: KEYCLOAK_ADAPTERS },
  },
  {
    name: "realm-for-operators",
    comment: "Realm set-up and doctor are for operators: neither a service nor another library depends on them.",
    from: { path: ["^libs/(?!keycloak-realm/)", "^apps/(?!authctl/)"] },
    to: { path: "^libs/keycloak-realm/", reachable: true },
  },
  {
    name: "flows-without-keycloak",
    comment: "Flows see ports only; the facades connect adapters to them.",
    from: { path: FLOWS, pathNot: [TESTS, ...FACADES] },
    to: { path: KEYCLOAK_ADAPTERS },
  },
  {
    name: "flows-without-http",
    comment: "Flows know nothing of HTTP.",
    from: { path: FLOWS, pathNot: TESTS },
    to: { path: packages("elysia|@elysia/[^/]+") },
  },
  {
    name: "guard-without-engine",
    comment: "What a guarded service needs brings neither Prisma nor the gateway's engine with it.",
    from: { path: "^libs/(auth-guard|http|postgres|problems)/src/", pathNot: TESTS },
    to: {
      path: ["^libs/(database|keycloak-authV2)/", packages("@prisma/[^/]+|@keycloak/[^/]+|pg-boss|cockatiel")],
      reachable: true,
    },
  },
];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: forbidden.map((rule) => ({ severity: "error", ...rule })),
  options,
};
