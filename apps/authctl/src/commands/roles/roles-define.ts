import { permissionNameForm } from "@libs/keycloak-authV2/services/access";
import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { confirm } from "../../ui/confirm.ts";
import { withAccess } from "./with-access.ts";

interface DefineFlags {
  permissions: string[];
  description?: string;
  newPermissions?: boolean;
}

/** `authctl roles define` and `authctl roles delete` */
export function addRolesDefine(roles: Command, context: CommandContext): void {
  const define = roles
    .command("define")
    .description("add a role, or give it exactly these permissions; its users gain or lose them within a second")
    .argument("<role>", "its name: a-z, 0-9, _, . and -")
    .requiredOption("--permissions <names>", "separated by commas, such as orders:read,orders:write", permissionNames)
    .option("--description <text>", "what it is for")
    .option("--new-permissions", "also permissions that no service has registered yet");
  withHelp(define, {
    examples: [
      ["roles define clerk --permissions orders:read,orders:write", "permissions that services registered"],
      ["roles define clerk --permissions carts:write --new-permissions", "before the service's first start"],
    ],
    variables: databaseVariables,
  }).action((role: string, flags: DefineFlags) => rolesDefine(context, role, flags));
  const remove = roles
    .command("delete")
    .description("remove a role: everyone who has it loses it")
    .argument("<role>", "its name")
    .option("--yes", "does not ask");
  withHelp(remove, { examples: [["roles delete clerk", "asks first"]], variables: databaseVariables }).action(
    (role: string, { yes }: { yes?: boolean }) => rolesDelete(context, role, yes === true),
  );
}

async function rolesDefine(context: CommandContext, name: string, flags: DefineFlags): Promise<void> {
  const { permissions, description, newPermissions } = flags;
  await withAccess(context, async ({ access, by }) => {
    if (newPermissions) {
      const known = new Set((await access.listPermissions()).map((permission) => permission.name));
      const added = permissions.filter((permission) => !known.has(permission));
      await access.registerPermissions(
        Object.fromEntries(added.map((permission) => [permission, "Not described yet."])),
      );
    }
    await access.defineRole({ name, permissions, ...(description !== undefined && { description }) }, by);
  });
  context.terminal.print(`${name}: ${permissions.join(", ")}`);
}

async function rolesDelete(context: CommandContext, role: string, yes: boolean): Promise<void> {
  const { terminal } = context;
  await withAccess(context, async ({ access, by }) => {
    const grants = await access.listGrants({ role }, 1_000_000);
    if (!(await confirm(terminal, `Remove the role ${role}? ${grants.length} grants go with it.`, yes)))
      return terminal.report("Nothing was changed.");
    await access.deleteRole(role, by);
    terminal.print(`removed: ${role}, and ${grants.length} grants of it`);
  });
}

function permissionNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => permissionNameForm.test(name))) return names;
  throw new InvalidArgumentError("Each is resource:action, such as orders:read.");
}
