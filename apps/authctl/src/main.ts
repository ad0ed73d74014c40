#!/usr/bin/env bun
import { isAuthError } from "@libs/keycloak-authV2/errors";
import { CommanderError } from "commander";
import { createProgram } from "./create-program.ts";
import { UsageError } from "./usage-error.ts";

const print = (line: string) => process.stdout.write(`${line}\n`);

try {
  await createProgram({ environment: process.env, print }).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  const text = describe(error);
  if (text) process.stderr.write(`authctl: ${text}\n`);
}

/** 0 for help, 2 for wrong usage, 1 for work that failed. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}

function describe(error: unknown): string | undefined {
  // Commander has printed its own already.
  if (error instanceof CommanderError) return undefined;
  if (isAuthError(error)) return `${error.code}: ${error.internal ?? error.message}`;
  return error instanceof Error ? error.message : String(error);
}
