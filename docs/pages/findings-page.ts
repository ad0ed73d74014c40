import { findingCatalogue, type Severity } from "@libs/keycloak-realm/doctor";
import { generatedNote, table } from "./table.ts";

const AREAS: Record<string, string> = {
  keycloak: "Keycloak and the realm as such",
  client: "The gateway's client",
  service_account: "Its service account",
  realm: "The realm's settings",
  user_profile: "The realm's user profile",
  events: "Events",
  sessions: "Addresses of sessions",
  database: "PostgreSQL",
  keys: "The key ring",
  clock: "Clocks",
  runtime: "This machine",
};

/** `docs/findings.md`, from the doctor's catalogue. */
export function findingsPage(): string {
  const entries = Object.entries(findingCatalogue).map(([code, entry]) => ({ code, ...entry }));
  const areaOf = (code: string) => code.split(".")[0] ?? "";
  const others = entries.filter(({ code }) => !(areaOf(code) in AREAS));
  if (others.length > 0) throw new Error(`findings without an area: ${others.map(({ code }) => code).join(", ")}`);
  const sections = Object.entries(AREAS).map(([area, title]) => {
    const rows = entries
      .filter(({ code }) => areaOf(code) === area)
      .map(({ code, severity, what, todo }) => [`\`${code}\``, severity, what, todo]);
    return `## ${title}\n\n${table(["finding", "severity", "what is wrong", "what to do"], rows)}\n`;
  });
  return `# What the doctor finds

${generatedNote("libs/problems/src/findings/finding-catalogue.ts and setting-finding-catalogue.ts")}

\`authctl doctor\` reports each finding with a stable code and what it concerns. Scripts should read \`authctl doctor --json\`.

${table(
  ["severity", "meaning"],
  Object.entries(MEANINGS).map(([severity, meaning]) => [severity, meaning]),
)}

${sections.join("\n")}`;
}

const MEANINGS: Record<Severity, string> = {
  error: "people can't log in or register, or something is unsafe or gets lost; the command exits with 1",
  warning: "it works, but should be changed",
  note: "a deliberate setting with a surprising effect; a system with only notes is healthy",
};
