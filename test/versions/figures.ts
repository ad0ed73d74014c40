import { appendFileSync } from "node:fs";

/** What the journeys measure, one JSON a line in the file that `MATRIX_FIGURES` names. */
export type Figure =
  | { figure: "login_limit"; refusal: string; counted: number }
  | { figure: "users_sync"; users: number; seconds: number }
  | { figure: "arrival"; mode: ArrivalMode; change: string; ms: number };

/** `events`: by Keycloak's events alone. `reconciliation`: by counting and comparing alone. */
export type ArrivalMode = "events" | "reconciliation";

/** Keeps a figure for the table. Without `MATRIX_FIGURES` nobody asks for it. */
export function recordFigure(figure: Figure): void {
  const file = process.env.MATRIX_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}

/** The matrix runs the long form of a journey; one old version, which every check of a clean clone runs, the short one. */
export const figure = (short: number, long: number): number => (process.env.MATRIX_FIGURES ? long : short);
