/**
 * Settings in `options` of a database URL, in the forms of the server's command line: `-c name=value`, `-cname=value` and
 * `--name=value`, with a backslash before a blank that belongs to a value.
 * @returns undefined where there is something else in it
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function readServerOptions(options: string): Record<string, string> | undefined {
  const words = [...options.matchAll(/(?:\\.|[^\s\\])+/gs)].map(([word]) => word.replace(/\\(.)/gs, "$1"));
  const settings: Record<string, string> = {};
  while (words.length > 0) {
    const word = words.shift() ?? "";
    const text = word === "-c" ? words.shift() : /^(?:-c|--)(.+)$/s.exec(word)?.[1];
    const [, name, value] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text ?? "") ?? [];
    if (name === undefined || value === undefined) return undefined;
    settings[settingName(name)] = value;
  }
  return settings;
}

/** The server takes a dash for an underscore; names are the same in upper and lower case. */
function settingName(name: string): string {
  const lower = name.replaceAll("-", "_").toLowerCase();
  return lower === "timezone" ? "TimeZone" : lower;
}
