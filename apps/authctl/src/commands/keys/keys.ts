import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addKeysReencrypt } from "./keys-reencrypt.ts";

/** `authctl keys …` */
export function addKeysCommands(program: Command, context: CommandContext): void {
  addKeysReencrypt(program.command("keys").description("the keys that stored tokens are encrypted with"), context);
}
