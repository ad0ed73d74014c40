import type { OrderMark } from "@libs/database";
import { z } from "zod";

const form = /^([0-9a-z]{1,9})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export const cursorSchema = z.string().regex(form, "must be `next` of an earlier page");

/** A place in a list of orders, for an address: time in base 36, and id. */
export function toCursor({ placedAt, id }: OrderMark): string {
  return `${placedAt.getTime().toString(36)}.${id}`;
}

/** @param cursor that {@link cursorSchema} took */
export function fromCursor(cursor: string | undefined): OrderMark | null {
  const [, time, id] = form.exec(cursor ?? "") ?? [];
  return time && id ? { placedAt: new Date(Number.parseInt(time, 36)), id } : null;
}
