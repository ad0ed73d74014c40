import { UsageError } from "../input/usage-error.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Asks before something that can't be taken back. Anything but yes is no.
 * @param yes `--yes` was given: nothing is asked
 * @throws UsageError where nobody can answer
 */
export async function confirm(terminal: Terminal, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!terminal.ask)
    throw new UsageError(
      "this command asks for confirmation, and there is no terminal to answer: repeat it with --yes",
    );
  const answer = await terminal.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
