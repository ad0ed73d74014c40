import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { NobodyFoundError, withPeople } from "../../command/with-people.ts";
import { confirm } from "../../ui/confirm.ts";
import { printable, renderTable } from "../../ui/render-table.ts";

interface Flags {
  yes?: boolean;
  json?: boolean;
}

/** `authctl users erase` */
export function addUsersErase(users: Command, context: CommandContext): void {
  const command = users
    .command("erase")
    .description("delete a person on both sides, for good; orders stay, without the person")
    .argument("<id>", "Keycloak's user id, as users show prints it")
    .option("--yes", "does not ask")
    .option("--json", "the counts as JSON");
  withHelp(command, {
    examples: [
      ["users erase 9f0c1f52-6c52-4f0e-9a53-5b1f1f1d7a11", "asks first; takes some seconds"],
      ["users erase 9f0c1f52-6c52-4f0e-9a53-5b1f1f1d7a11 --yes", "does not ask; repeat it after a failure"],
    ],
    variables: gatewayVariables,
  }).action((id: string, flags: Flags) => usersErase(context, id, flags));
}

async function usersErase(context: CommandContext, id: string, { yes, json }: Flags): Promise<void> {
  const { terminal } = context;
  await withPeople(context, async (people) => {
    const found = await people.find(id);
    const person = found.find(({ userId }) => userId === id);
    if (!person) throw new NobodyFoundError(unknownId(found.map(({ userId }) => userId)));
    const name = person.local?.username ?? person.keycloak?.username ?? "";
    const question = `Erase ${printable(name)} (${printable(id)}) in Keycloak and here? This can't be undone.`;
    if (!(await confirm(terminal, question, yes === true))) {
      terminal.report("Nothing was erased.");
      return;
    }
    terminal.report("erasing; then waiting for logins that are under way …");
    const erased = await people.erase(id);
    if (json) {
      terminal.print(toJson({ userId: id, ...erased }));
      return;
    }
    terminal.print(
      renderTable(
        terminal,
        ["erased", "count"],
        [
          ["user in Keycloak", erased.inKeycloak ? 1 : 0],
          ["row here, now a tombstone without a name", erased.users],
          ["sessions ended", erased.endedSessions],
          ["sessions without address and device", erased.sessions],
          ["activities without address and device", erased.activities],
          ["registrations", erased.registrations],
          ["roles", erased.roles],
          ["carts that were not ordered", erased.carts],
          ["waiting events, without the person", erased.events],
          ["orders kept, without the person", erased.ordersKept],
        ],
      ),
    );
  });
}

/** A name may mean another person tomorrow: only an id is erased. */
function unknownId(meant: string[]): string {
  return meant.length > 0 ? `users erase needs an id: ${meant.join(", ")}` : "neither side has this id";
}
