import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addRealmApply } from "./realm-apply.ts";

/** `authctl realm …` */
export function addRealmCommands(program: Command, context: CommandContext): void {
  addRealmApply(program.command("realm").description("the Keycloak realm"), context);
}
