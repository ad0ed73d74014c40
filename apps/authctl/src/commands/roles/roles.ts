import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addRolesDefine } from "./roles-define.ts";
import { addRolesGrant } from "./roles-grant.ts";
import { addRolesGrants } from "./roles-grants.ts";
import { addRolesList } from "./roles-list.ts";
import { addRolesPermissions } from "./roles-permissions.ts";

/** `authctl roles …` */
export function addRolesCommands(program: Command, context: CommandContext): void {
  const roles = program.command("roles").description("the application's roles and permissions, and who has them");
  addRolesList(roles, context);
  addRolesGrants(roles, context);
  addRolesGrant(roles, context);
  addRolesPermissions(roles, context);
  addRolesDefine(roles, context);
}
