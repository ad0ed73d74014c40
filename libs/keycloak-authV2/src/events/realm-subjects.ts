import type { NewHint } from "@libs/database";

export type Subject = Pick<NewHint, "kind" | "subject">;

/** A change of many users that names none of them. One row, so that a hundred such changes start one reconciliation. */
export const EVERY_USER: Subject = { kind: "every_user", subject: "realm" };
