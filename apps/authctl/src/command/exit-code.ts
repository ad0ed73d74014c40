/** What the process ends with; listed in `authctl --help`. 0: it is done, and nothing is wrong. */
export const ExitCode = { failed: 1, usage: 2, differences: 3, interrupted: 130 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
