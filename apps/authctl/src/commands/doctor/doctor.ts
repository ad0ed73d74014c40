import { readTokenOptions, type TokenOptions } from "@libs/keycloak-authV2/keycloak";
import {
  type DoctorOptions,
  type DoctorReport,
  type Finding,
  runDoctor,
  type Severity,
} from "@libs/keycloak-realm/doctor";
import type { Command } from "commander";
import type { z } from "zod";
import type { CommandContext } from "../../command/command-context.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { readVariables } from "../../input/read-variables.ts";
import { UsageError } from "../../input/usage-error.ts";
import { printable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";
import { wholeNumber } from "../users/scan-options.ts";
import { doctorVariables } from "./doctor-variables.ts";

interface Flags {
  replicas?: number;
  json?: boolean;
}

/** `authctl doctor` */
export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command("doctor")
    .description("check the realm, the client, permissions, database, clocks, keys and versions; changes nothing")
    .option("--replicas <n>", "gateways that run at once, also during an update; default 2", wholeNumber(1, 1_000))
    .option("--json", "NDJSON: one finding per line, then the summary");
  withHelp(command, {
    examples: [
      [
        "doctor",
        "one line if all is well; exits with 1 if there is an error, with 0 if there are only warnings or notes",
      ],
      ["doctor --replicas 6", "checks that the connections are enough for six gateways"],
      ["doctor --json", "for scripts"],
    ],
    variables: doctorVariables,
  }).action((flags: Flags) => doctor(context, flags));
}

async function doctor({ environment, terminal, endWith }: CommandContext, flags: Flags): Promise<void> {
  const report = await runDoctor(optionsOf(readVariables(doctorVariables, environment), flags));
  const counts = { errors: count(report, "error"), warnings: count(report, "warning"), notes: count(report, "note") };
  if (flags.json) {
    for (const found of report.findings) terminal.print(JSON.stringify({ type: "finding", ...found }));
    terminal.print(JSON.stringify({ type: "result", ...counts, unchecked: report.unchecked }));
  } else printReport(terminal, report, counts);
  if (counts.errors > 0) endWith(ExitCode.failed);
}

const count = ({ findings }: DoctorReport, severity: Severity): number =>
  findings.filter((found) => found.severity === severity).length;

function optionsOf(given: z.output<typeof doctorVariables>, { replicas }: Flags): DoctorOptions {
  const { KEYCLOAK_ADMIN_USERNAME: username, KEYCLOAK_ADMIN_PASSWORD: password } = given;
  if ((username === undefined) !== (password === undefined))
    throw new UsageError("KEYCLOAK_ADMIN_USERNAME and KEYCLOAK_ADMIN_PASSWORD go together");
  const optional = {
    replicas,
    backchannelLogoutUrl: given.KEYCLOAK_BACKCHANNEL_LOGOUT_URL,
    sslRequired: given.KEYCLOAK_SSL_REQUIRED,
    poolSize: given.DATABASE_POOL_SIZE,
    ...(username !== undefined && password !== undefined && { admin: { username, password } }),
  };
  return {
    keycloak: {
      url: given.KEYCLOAK_URL,
      realm: given.KEYCLOAK_REALM,
      clientId: given.KEYCLOAK_CLIENT_ID,
      clientSecret: given.KEYCLOAK_CLIENT_SECRET,
      ...tokenOptionsOf(given),
      ...(given.KEYCLOAK_ISSUER && { issuer: given.KEYCLOAK_ISSUER }),
    },
    databaseUrl: given.DATABASE_URL,
    databaseDirectUrl: given.DATABASE_DIRECT_URL,
    tokenEncryptionKeys: given.TOKEN_ENCRYPTION_KEYS,
    ...optional,
  };
}

function tokenOptionsOf(given: z.output<typeof doctorVariables>): TokenOptions {
  try {
    return readTokenOptions(given, given.KEYCLOAK_CLIENT_ID);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function printReport(
  terminal: Terminal,
  { findings, unchecked }: DoctorReport,
  { errors, warnings, notes }: Record<"errors" | "warnings" | "notes", number>,
): void {
  const { green, dim } = terminal.colors;
  for (const found of findings) for (const line of linesOf(found, terminal)) terminal.print(line);
  const rest = unchecked.map((what) => dim(`not checked: ${what}`));
  const noted = notes > 0 ? [numbered(notes, "note")] : [];
  if (errors + warnings === 0) terminal.print([green("healthy"), ...noted, ...rest].join("; "));
  else {
    for (const line of rest) terminal.print(line);
    terminal.print([numbered(errors, "error"), numbered(warnings, "warning"), ...noted].join(", "));
  }
}

const numbered = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

function linesOf({ code, severity, what, detail, todo }: Finding, { colors }: Terminal): string[] {
  const marks = { error: colors.red("error  "), warning: colors.yellow("warning"), note: colors.dim("note   ") };
  return [
    `${marks[severity]}  ${colors.bold(code)}`,
    `         ${what}`,
    ...(detail === null ? [] : [`         ${colors.dim(printable(detail))}`]),
    `         → ${todo}`,
  ];
}
