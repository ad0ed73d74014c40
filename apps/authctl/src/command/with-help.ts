import type { Command } from "commander";
import type { z } from "zod";
import { isSecretVariable } from "../input/read-variables.ts";

export interface HelpParts {
  /** Each a command line without `authctl`, and what it does. */
  examples: readonly (readonly [line: string, does: string])[];
  /** The variables that the command reads. */
  variables?: z.ZodObject;
}

/** Puts examples and variables below a command's help. */
export function withHelp(command: Command, { examples, variables }: HelpParts): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, does]) => `  $ authctl ${line.padEnd(width)}   ${does}`.trimEnd());
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  if (variables) command.addHelpText("after", `\nVariables:\n${describeVariables(variables)}`);
  return command;
}

/** One line a variable. */
export function describeVariables(variables: z.ZodObject): string {
  return Object.entries(variables.shape)
    .map(
      ([name, field]) =>
        `  ${name.padEnd(32)} ${field.description}${isSecretVariable(name) ? `; or ${name}_FILE` : ""}`,
    )
    .join("\n");
}
