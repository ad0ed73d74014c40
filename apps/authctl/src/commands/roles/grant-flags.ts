import type { RoleGrant } from "@libs/database";
import type { GrantScope } from "@libs/keycloak-authV2/services/access";
import type { Command } from "commander";
import { UsageError } from "../../input/usage-error.ts";

/** Where a role holds, as the command line says it. */
export interface ScopeFlags {
  store?: string;
  organization?: string;
}

export function addScopeFlags(command: Command): Command {
  return command
    .option("--store <id>", "in this store alone")
    .option("--organization <id>", "in this organization and its stores");
}

/** @returns undefined: everywhere @throws UsageError */
export function scopeOf({ store, organization }: ScopeFlags): GrantScope | undefined {
  if (store !== undefined && organization !== undefined)
    throw new UsageError("give --store or --organization, not both");
  if (store !== undefined) return { storeId: store };
  return organization === undefined ? undefined : { organizationId: organization };
}

/** Such as `store s-1`. */
export function describeScope({ storeId, organizationId }: Pick<RoleGrant, "storeId" | "organizationId">): string {
  if (storeId !== null) return `store ${storeId}`;
  return organizationId === null ? "everywhere" : `organization ${organizationId}`;
}
