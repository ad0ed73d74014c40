/** The command was given something it can't work with. The message says what, and shows no value. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
