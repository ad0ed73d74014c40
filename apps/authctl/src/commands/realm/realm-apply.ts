import { applyRealm, planRealm, type RealmChange, type RealmOptions } from "@libs/keycloak-realm";
import type { Command } from "commander";
import type { z } from "zod";
import { asAdministrator } from "../../command/administrator-failure.ts";
import type { CommandContext } from "../../command/command-context.ts";
import { withHelp } from "../../command/with-help.ts";
import { readVariables } from "../../input/read-variables.ts";
import { confirm } from "../../ui/confirm.ts";
import { printable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";
import { realmVariables } from "./realm-variables.ts";

interface Flags {
  dryRun?: boolean;
  yes?: boolean;
}

/** `authctl realm apply` */
export function addRealmApply(realm: Command, context: CommandContext): void {
  const command = realm
    .command("apply")
    .description("set up the realm, or bring it in line: shows what differs, asks, changes that and nothing else")
    .option("--dry-run", "shows what differs; changes nothing")
    .option("--yes", "does not ask");
  withHelp(command, {
    examples: [
      ["realm apply", "shows what differs, and asks"],
      ["realm apply --dry-run", "shows what differs"],
      ["realm apply --yes", "for scripts; repeatable"],
    ],
    variables: realmVariables,
  }).action((flags: Flags) => realmApply(context, flags));
}

async function realmApply({ environment, terminal }: CommandContext, flags: Flags): Promise<void> {
  const options = realmOptions(readVariables(realmVariables, environment));
  const onVersion = (sentence: string) => terminal.report(sentence);
  const planned = await planRealm({ ...options, onVersion }).catch(asAdministrator);
  if (planned.length === 0) {
    terminal.print("nothing to change");
    return;
  }
  for (const change of planned) terminal.print(describe(change, terminal));
  if (flags.dryRun) {
    terminal.print(`${planned.length} differ; nothing was changed`);
    return;
  }
  if (!(await confirm(terminal, `Change this in realm ${options.realm}?`, flags.yes === true))) {
    terminal.report("Nothing was changed.");
    return;
  }
  const { changes } = await applyRealm(options).catch(asAdministrator);
  terminal.print(`${changes.length} changes made`);
}

function realmOptions(given: z.output<typeof realmVariables>): RealmOptions {
  return {
    keycloakUrl: given.KEYCLOAK_URL,
    admin: { username: given.KEYCLOAK_ADMIN_USERNAME, password: given.KEYCLOAK_ADMIN_PASSWORD },
    realm: given.KEYCLOAK_REALM,
    clientId: given.KEYCLOAK_CLIENT_ID,
    clientSecret: given.KEYCLOAK_CLIENT_SECRET,
    sslRequired: given.KEYCLOAK_SSL_REQUIRED,
    passwordPolicy: given.KEYCLOAK_PASSWORD_POLICY,
    roles: given.KEYCLOAK_ROLES,
    backchannelLogoutUrl: given.KEYCLOAK_BACKCHANNEL_LOGOUT_URL,
  };
}

/** In the form of a difference: what is, and what is to be. */
function describe({ text, from, to }: RealmChange, { colors }: Pick<Terminal, "colors">): string {
  if (to === undefined) return `${colors.green("+")} ${printable(text)}`;
  const what = text.replace(/ set$/, "");
  const change = Array.isArray(to) ? listChange(from, to) : valueChange(from, to);
  return `${colors.yellow("~")} ${printable(`${what}: ${change}`)}`;
}

function listChange(from: unknown, to: readonly unknown[]): string {
  const before: readonly unknown[] = Array.isArray(from) ? from : [];
  const added = to.filter((item) => !before.includes(item)).map((item) => `+${String(item)}`);
  const removed = before.filter((item) => !to.includes(item)).map((item) => `-${String(item)}`);
  return [...added, ...removed].join(" ");
}

function valueChange(from: unknown, to: unknown): string {
  if (typeof from !== "object" || from === null || typeof to !== "object" || to === null)
    return `${show(from)} → ${show(to)}`;
  const members = Object.keys(to);
  return members.map((name) => `${name} ${show(Reflect.get(from, name))} → ${show(Reflect.get(to, name))}`).join(", ");
}

function show(value: unknown): string {
  if (value === undefined) return "not set";
  return typeof value === "string" ? value : JSON.stringify(value);
}
