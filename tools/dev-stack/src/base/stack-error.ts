/** A fault of the stack that a person can act on: its message is printed alone, without a stack trace. */
export class StackError extends Error {
  override readonly name = "StackError";
}
