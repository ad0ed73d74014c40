import { readFileSync } from "node:fs";

/** Name of the Linux release that runs here, such as `debian-12`; `unknown` where the system does not say. */
export function osRelease(file = "/etc/os-release"): string {
  try {
    const text = readFileSync(file, "utf8");
    const value = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, "m").exec(text)?.[1];
    return [value("ID"), value("VERSION_ID")].filter(Boolean).join("-") || "unknown";
  } catch {
    return "unknown";
  }
}
