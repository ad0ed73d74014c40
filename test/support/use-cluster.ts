import type { TestStack } from "@libs/dev-stack";

/** The nodes of a stack. @throws where its Keycloak is a single server */
export function clusterOf({ cluster }: TestStack): NonNullable<TestStack["cluster"]> {
  if (!cluster) throw new Error("These tests need two nodes of Keycloak: bun run test:cluster");
  return cluster;
}
