/** Receives one line of progress at a time. */
export type Report = (line: string) => void;

export const silent: Report = () => {};

/**
 * Prints progress with the time since the command began, one line a step: the same on a terminal and in a CI log.
 * Own code because the first lines appear before any dependency is installed.
 */
export function consoleReport(startedAt = Date.now(), write: (text: string) => void = (t) => process.stdout.write(t)) {
  const report: Report = (line) => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
    write(`[${seconds}s] ${line}\n`);
  };
  return report;
}

/**
 * Runs a long step and repeats what it is doing every `everyMs`, so that no minute is silent.
 * @param detail asked at each repetition for how far the step is, e.g. "43 of 176 MB"
 */
export async function withHeartbeat<T>(
  report: Report,
  label: string,
  work: () => Promise<T>,
  detail: () => string = () => "",
  everyMs = 5_000,
): Promise<T> {
  report(`${label} …`);
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const more = detail();
    report(`${label} … ${more ? `${more}, ` : ""}${seconds} s`);
  }, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
