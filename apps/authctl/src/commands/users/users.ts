import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addUsersErase } from "./users-erase.ts";
import { addUsersExport } from "./users-export.ts";
import { addUsersRepair } from "./users-repair.ts";
import { addUsersShow } from "./users-show.ts";
import { addUsersSync } from "./users-sync.ts";
import { addUsersVerify } from "./users-verify.ts";

/** `authctl users …` */
export function addUsersCommands(program: Command, context: CommandContext): void {
  const users = program
    .command("users")
    .description("users on both sides: import, compare, repair, show, export, erase");
  addUsersSync(users, context);
  addUsersVerify(users, context);
  addUsersRepair(users, context);
  addUsersShow(users, context);
  addUsersExport(users, context);
  addUsersErase(users, context);
}
