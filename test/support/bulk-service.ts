import { createDatabase, type PrismaClient } from "@libs/database";
import type { TestStack } from "@libs/dev-stack";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { BulkService } from "@libs/keycloak-authV2/services/bulk";
import { createMetricsRegistry } from "@libs/observability";

export type BulkTarget = Pick<
  TestStack,
  "keycloakUrl" | "issuer" | "realm" | "clientId" | "clientSecret" | "databaseUrl"
>;

/** The bulk service as an operator's command makes it, and what Keycloak was asked for. */
export function createBulkService(target: BulkTarget) {
  const { keycloakUrl: url, issuer, realm, clientId, clientSecret, databaseUrl } = target;
  const prisma: PrismaClient = createDatabase(databaseUrl);
  const registry = createMetricsRegistry();
  const options = { url, issuer, realm, clientId, clientSecret, timeoutMs: 5_000 };
  const integration = KeycloakIntegrationService.create(options, prisma, registry);
  const bulk = new BulkService(integration, prisma, registry);
  return { bulk, integration, prisma, close: () => prisma.$disconnect() };
}
