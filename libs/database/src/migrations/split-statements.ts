/** What a semicolon inside does not end a statement: comments, strings, quoted names, bodies of functions. */
const OPAQUE = [
  /--[^\n]*/y,
  /\be'(?:[^'\\]|\\.|'')*'/iy,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /(?<![\w$])\$([a-z_]\w*)?\$.*?\$\1\$/isy,
];

/**
 * The statements of a file, without comments around them. Psql splits in the same way, except that a function's body in
 * `BEGIN ATOMIC … END` has to stand between dollars here.
 * @param sql as PostgreSQL reads it with `standard_conforming_strings`, which is its default
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  for (let at = 0, depth = 0; at < sql.length; ) {
    const end = endOfOpaque(sql, at);
    if (end > at) {
      at = end;
      continue;
    }
    const character = sql[at];
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    at += 1;
    if (character !== ";" || depth > 0) continue;
    statements.push(sql.slice(start, at - 1));
    start = at;
  }
  return [...statements, sql.slice(start)].map(withoutLeadingComments).filter((statement) => statement !== "");
}

function withoutLeadingComments(text: string): string {
  let at = 0;
  for (;;) {
    const comment = text.startsWith("--", at) || text.startsWith("/*", at);
    const next = comment ? endOfOpaque(text, at) : /\S/.test(text[at] ?? "x") ? at : at + 1;
    if (next === at) return text.slice(at).trim();
    at = next;
  }
}

/** @returns where what begins there ends; `at` itself: nothing of the kind begins there */
function endOfOpaque(sql: string, at: number): number {
  if (sql.startsWith("/*", at)) return endOfComment(sql, at);
  for (const pattern of OPAQUE) {
    pattern.lastIndex = at;
    if (pattern.test(sql)) return pattern.lastIndex;
  }
  return at;
}

/** Comments of this kind nest. */
function endOfComment(sql: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}
