import type { User } from "@libs/database";
import type { PersonView } from "@libs/keycloak-authV2/services/people";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { NobodyFoundError, withPeople } from "../../command/with-people.ts";
import { formatMinute } from "../../ui/format-minute.ts";
import { formatTime } from "../../ui/format-time.ts";
import { renderList } from "../../ui/render-list.ts";
import { type Cell, printable, renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";

/** `authctl users show` */
export function addUsersShow(users: Command, context: CommandContext): void {
  const command = users
    .command("show")
    .description("one user: both sides next to each other, sessions, recent activity")
    .argument("<who>", "Keycloak's user id, username or email")
    .option("--json", "NDJSON, one user per line");
  withHelp(command, {
    examples: [
      ["users show ada@example.com", "by email"],
      ["users show 9f0c1f52-6c52-4f0e-9a53-5b1f1f1d7a11", "by id, deleted ones too"],
    ],
    variables: gatewayVariables,
  }).action((who: string, flags: { json?: boolean }) => usersShow(context, who, flags));
}

async function usersShow(context: CommandContext, who: string, { json }: { json?: boolean }): Promise<void> {
  const { terminal } = context;
  const found = await withPeople(context, (people) => people.find(who));
  if (found.length === 0) throw new NobodyFoundError("neither side has this id, username or email");
  if (json) {
    for (const person of found) terminal.print(toJson(person));
    return;
  }
  if (found.length > 1) terminal.print(terminal.colors.yellow("The two sides disagree on who that is:\n"));
  for (const person of found) showPerson(terminal, person);
}

function showPerson(terminal: Terminal, person: PersonView): void {
  const { bold } = terminal.colors;
  terminal.print(bold(`User ${printable(person.userId)}`));
  showFields(terminal, person);
  terminal.print(bold("\nSessions"));
  showSessions(terminal, person);
  terminal.print(bold("\nRecent activity"));
  for (const { at, type, ipAddress, details } of person.activities) {
    const reason = typeof details.reason === "string" ? ` (${printable(details.reason)})` : "";
    terminal.print(`  ${formatTime(at)}  ${type}${reason}${ipAddress ? `  ${ipAddress}` : ""}`);
  }
  if (person.activities.length === 0) terminal.print("  none");
  terminal.print("");
}

function showFields(terminal: Terminal, { keycloak, local, differing }: PersonView): void {
  const { yellow, green } = terminal.colors;
  const field = (name: "username" | "email" | "firstName" | "lastName" | "emailVerified" | "enabled"): Cell[] => [
    name,
    show(keycloak?.[name]),
    show(local?.[name]),
    differing.includes(name) ? { text: "differs", paint: yellow } : "",
  ];
  const rows: Cell[][] = [
    field("username"),
    field("email"),
    field("firstName"),
    field("lastName"),
    field("emailVerified"),
    field("enabled"),
    ["created", show(keycloak?.createdAt), show(local?.createdAt), ""],
    ...(keycloak?.requiredActions.length
      ? [["requiredActions", show(keycloak.requiredActions.join(", ")), "", ""]]
      : []),
    ...(local ? localFields(local).map(([name, value]) => [name, "", show(value), ""]) : []),
  ];
  // The last column is there only where something differs.
  const columns = differing.length > 0 ? 4 : 3;
  terminal.print(
    renderTable(
      terminal,
      ["field", "Keycloak", "here", ""].slice(0, columns),
      rows.map((row) => row.slice(0, columns)),
    ),
  );
  const standing = describeStanding({ keycloak, local, differing });
  terminal.print(standing ? yellow(standing) : green("Both sides agree."));
}

function localFields(local: User): [name: string, value: unknown][] {
  const { storeId, organizationId, lastLoginAt, loginCount, syncedAt, deletedAt } = local;
  return Object.entries({
    storeId,
    organizationId,
    lastLoginAt,
    loginCount,
    syncedAt,
    ...(deletedAt && { deletedAt }),
  });
}

function describeStanding({ keycloak, local, differing }: Pick<PersonView, "keycloak" | "local" | "differing">) {
  if (!keycloak && local?.deletedAt) return "Gone from Keycloak; the row here is kept for what it owns.";
  if (!keycloak) return "Gone from Keycloak, and alive here: authctl users repair marks it as deleted.";
  if (!local) return "Not here yet: authctl users sync imports it, or its first login does.";
  if (local.deletedAt) return "In Keycloak, and marked as deleted here: authctl users repair brings it back.";
  return differing.length > 0 ? "The two sides differ: authctl users repair applies Keycloak's values." : undefined;
}

function showSessions(terminal: Terminal, { sessions }: PersonView): void {
  if (sessions.length === 0) {
    terminal.print("  none");
    return;
  }
  const rows = sessions.map(({ keycloakSessionId, local, keycloak }) => [
    local?.sessionId ?? `(Keycloak's ${keycloakSessionId})`,
    formatMinute(local?.startedAt ?? keycloak?.start ?? null),
    formatMinute(local?.lastSeenAt ?? keycloak?.lastAccess ?? null),
    local?.ipAddress ?? keycloak?.ipAddress ?? "–",
    local ? (local.endedAt ? `ended: ${local.endReason}` : "live") : "not ours",
    keycloak ? (keycloak.offline ? "live, offline" : "live") : "none",
  ]);
  terminal.print(renderList(terminal, ["session", "started", "last seen", "from", "here", "Keycloak"], rows));
}

function show(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return value instanceof Date ? formatTime(value) : String(value);
}
