import type { NewNotice } from "@libs/database";

export type Subject = Pick<NewNotice, "kind" | "subject">;

/** A change of many users that names none of them. One row, so that a hundred such changes start one reconciliation. */
export const EVERY_USER: Subject = { kind: "every_user", subject: "realm" };

/** Tokens that were issued before a time may no longer be taken: those of the realm, or of our client. */
export const NOT_BEFORE: Subject = { kind: "not_before", subject: "realm" };
