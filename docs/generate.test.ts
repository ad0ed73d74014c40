import { expect, test } from "bun:test";
import { findingCatalogue } from "@libs/keycloak-realm/doctor";
import { catalogue } from "@libs/problems";
import { configSchema } from "../apps/api-gateway/src/config.ts";
import { configSchema as ordersSchema } from "../apps/orders/src/config.ts";
import { orderProblems } from "../apps/orders/src/services/order-error.ts";
import { combinations } from "../test/versions/combinations.ts";
import { outdatedPages } from "./generate.ts";
import { compatibilityPage } from "./pages/compatibility-page.ts";
import { configurationPage } from "./pages/configuration-page.ts";
import { errorsPage } from "./pages/errors-page.ts";
import { findingsPage } from "./pages/findings-page.ts";

test("the generated pages say what the code says", async () => {
  expect(await outdatedPages()).toEqual([]);
}, 60_000);

test("every error code, every finding and every variable has its row", () => {
  const findings = findingsPage();
  for (const code of Object.keys(findingCatalogue)) expect(findings).toContain(`\n| \`${code}\` |`);
  const errors = errorsPage();
  for (const code of Object.keys({ ...catalogue, ...orderProblems })) expect(errors).toContain(`\n| \`${code}\` |`);
  const configuration = configurationPage();
  for (const name of Object.keys({ ...configSchema.shape, ...ordersSchema.shape }))
    expect(configuration).toContain(`\n| \`${name}\` |`);
});

test("every pinned Keycloak and PostgreSQL has its row among the versions", () => {
  const page = compatibilityPage();
  for (const { keycloak, postgres } of combinations()) expect(page).toContain(`\n| ${keycloak} | ${postgres} | `);
});

test("secrets are marked, required variables too", () => {
  const row = (name: string) => configurationPage().match(new RegExp(`^\\| \`${name}\` .*$`, "m"))?.[0];
  for (const name of ["DATABASE_URL", "KEYCLOAK_CLIENT_SECRET", "TOKEN_ENCRYPTION_KEYS", "METRICS_TOKEN"]) {
    expect(row(name)).toContain("**Secret.**");
  }
  expect(row("DATABASE_URL")).toContain("**required**");
  expect(row("PORT")).toContain("`3000`");
  expect(row("METRICS_PORT")).toContain("not set");
});
