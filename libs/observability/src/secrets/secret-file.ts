import { readSecretFile, SecretFileError, writtenAt } from "./read-secret-file.ts";

/** The file is read this often at most, however often its value is asked for. Milliseconds. */
export const RECHECK_MS = 1_000;
/** A file that was written so recently may still be written to. Milliseconds. */
const SETTLED_MS = 1_000;

/**
 * What becomes of changes of a file.
 * @see {@link secretSource}
 */
export interface SecretFileEvents {
  /** A new value counts from now on. */
  taken(variable: string): void;
  /** The file can't be used; the value of before goes on to count. Once for each fault. @param rule without the content */
  refused(variable: string, rule: string): void;
}

/**
 * Which file a {@link SecretFile} reads, and which values it accepts.
 * @see {@link secretSource}
 */
export interface SecretFileOptions {
  /** The variable that the file stands for, such as `DATABASE_URL`; `<variable>_FILE` names the file. */
  variable: string;
  path: string;
  /** @returns what is wrong with a value that is to follow `before`, without the value; undefined: nothing */
  check?: (value: string, before: string | undefined) => string | undefined;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/**
 * A secret in a file, read again when that changes: Docker writes files in place, Kubernetes swaps a symbolic link, and
 * neither can be relied on to send a notification, so the content is compared. A content that may be half written is not
 * taken: it must have been there for a second, or be the same at two checks.
 * @see {@link secretSource}
 */
export class SecretFile {
  readonly variable: string;
  /** Who is notified of changes; nobody at first. */
  events: SecretFileEvents | undefined;
  readonly #options: SecretFileOptions;
  readonly #now: () => number;
  #value: string;
  #checkedAt: number;
  /** What the last check found instead of the value, not taken or reported yet. */
  #pending: { value: string } | { fault: string } | undefined;
  /** Reported last; undefined: the file is as it should be. */
  #fault: string | undefined;

  /** @throws SecretFileError when there is no valid value at the start */
  constructor(options: SecretFileOptions) {
    this.variable = options.variable;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#value = this.#read(undefined);
    this.#checkedAt = this.#now();
  }

  /** The value as it is now. */
  get value(): string {
    this.check();
    return this.#value;
  }

  /** Compares the file with the value, at most once a second. Never throws. */
  check(): void {
    const sinceMs = this.#now() - this.#checkedAt;
    // A clock that was set back must not stop it.
    if (sinceMs >= 0 && sinceMs < RECHECK_MS) return;
    this.#checkedAt = this.#now();
    try {
      this.#seen(this.#read(this.#value));
    } catch (error) {
      this.#failed(error instanceof SecretFileError ? error.rule : "can't be read");
    }
  }

  #seen(value: string): void {
    if (value === this.#value) {
      this.#pending = undefined;
      this.#fault = undefined;
      return;
    }
    const isSame = this.#pending && "value" in this.#pending && this.#pending.value === value;
    if (!isSame && this.#now() - writtenAt(this.#options.path) < SETTLED_MS) {
      this.#pending = { value };
      return;
    }
    this.#value = value;
    this.#pending = undefined;
    this.#fault = undefined;
    this.events?.taken(this.variable);
  }

  /** A file that is being replaced is missing or empty for a moment: only what lasts is reported. */
  #failed(fault: string): void {
    const lasts = this.#pending && "fault" in this.#pending && this.#pending.fault === fault;
    this.#pending = { fault };
    if (!lasts || this.#fault === fault) return;
    this.#fault = fault;
    this.events?.refused(this.variable, fault);
  }

  #read(before: string | undefined): string {
    const { variable, path, check } = this.#options;
    const value = readSecretFile(`${variable}_FILE`, path);
    const fault = value === before ? undefined : check?.(value, before);
    if (fault) throw new SecretFileError(`${variable}_FILE`, `names a file whose content can't be used: ${fault}`);
    return value;
  }
}
