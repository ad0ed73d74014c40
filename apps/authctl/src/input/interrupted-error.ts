/** Ctrl-C, where nothing had been begun yet. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  constructor() {
    super("interrupted: nothing was changed");
  }
}
