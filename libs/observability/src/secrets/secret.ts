/**
 * A secret, or what gives it as it is now: one that comes from a file can change while the process runs.
 * @see {@link secretFromEnvironment}
 */
export type Secret = string | (() => string);

/**
 * The secret as it is now: to be asked for at each use, never kept.
 * @param secret its value, or what gives it
 * @see {@link secretFromEnvironment}
 */
export const currentSecret = (secret: Secret): string => (typeof secret === "string" ? secret : secret());
