import { readFileSync, statSync } from "node:fs";
import { SetupError } from "@libs/problems";

/**
 * Why a secret can't be taken from its file: names the variable, shows neither the content nor a part of it.
 * @see {@link secretFromEnvironment}
 */
export class SecretFileError extends SetupError {
  override readonly name = "SecretFileError";

  constructor(
    readonly variable: string,
    /** What is wrong, as the end of a sentence that begins with the variable. */
    readonly rule: string,
  ) {
    super("setup.secret_file", `${variable} ${rule}`);
  }
}

const MAX_BYTES = 64 * 1024;

/**
 * Reads a secret as Docker and Kubernetes mount it: the whole file, without the newlines at its end.
 * @param variable `…_FILE`, for the error
 * @throws SecretFileError the file is missing, can't be read, is empty, is too long or is no text
 */
export function readSecretFile(variable: string, path: string): string {
  const bytes = readBytes(variable, path);
  if (bytes.byteLength > MAX_BYTES) throw new SecretFileError(variable, "names a file of more than 64 kB");
  const text = decode(bytes)?.replace(/[\r\n]+$/, "");
  if (text === undefined || text.includes("\0"))
    throw new SecretFileError(variable, "names a file that is no UTF-8 text");
  if (text.trim() === "") throw new SecretFileError(variable, "names an empty file");
  return text;
}

/** When a file was written, by the newer of its times. Milliseconds since the epoch; 0 where it can't be known. */
export function writtenAt(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? Math.max(stats.mtimeMs, stats.ctimeMs) : 0;
}

function readBytes(variable: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const rules: Record<string, string> = {
      ENOENT: "names a file that does not exist",
      ENOTDIR: "names a file that does not exist",
      EACCES: "names a file that this user may not read",
      EPERM: "names a file that this user may not read",
      EISDIR: "names a folder, not a file",
    };
    throw new SecretFileError(variable, rules[code ?? ""] ?? `names a file that can't be read (${code ?? "no code"})`);
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
