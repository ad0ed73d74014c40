import type { DatabaseClient } from "@libs/database";

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  Filter?: string;
  Plans?: PlanNode[];
}

/** Finds what a statement reads of a growing table as a whole, by the plan that PostgreSQL makes for it. */
export class UnboundedReads {
  private constructor(
    private readonly client: DatabaseClient,
    private readonly growing: ReadonlySet<string>,
    /** They hold what a sweep looks for, and not a table. */
    private readonly partialIndexes: ReadonlySet<string>,
  ) {}

  static async on(client: DatabaseClient, growing: readonly string[]): Promise<UnboundedReads> {
    // One plan for whatever values: that is what a prepared statement comes to.
    await client.query("SET plan_cache_mode = force_generic_plan");
    const { rows } = await client.query<{ name: string }>(
      "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indpred IS NOT NULL",
    );
    return new UnboundedReads(client, new Set(growing), new Set(rows.map(({ name }) => name)));
  }

  /** @returns one line for each */
  async of(statement: string): Promise<string[]> {
    await this.client.query(`PREPARE planned AS ${statement}`);
    try {
      const { rows: types } = await this.client.query<{ count: number }>(
        "SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = 'planned'",
      );
      const values = Array.from({ length: types[0]?.count ?? 0 }, () => "NULL");
      const { rows } = await this.client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
        `EXPLAIN (FORMAT JSON) EXECUTE planned${values.length > 0 ? `(${values.join(", ")})` : ""}`,
      );
      return [...new Set(rows.flatMap((row) => this.#inPlan(row["QUERY PLAN"][0].Plan, false)))];
    } finally {
      await this.client.query("DEALLOCATE planned");
    }
  }

  #inPlan(node: PlanNode, isLimited: boolean): string[] {
    const limited = isLimited || node["Node Type"] === "Limit";
    const below = (node.Plans ?? []).flatMap((child) => this.#inPlan(child, limited));
    const table = node["Relation Name"];
    if (table === undefined || !this.growing.has(table)) return below;
    if (node["Node Type"] === "Seq Scan") return [`Seq Scan on ${table}`, ...below];
    const index = node["Index Name"];
    if (index === undefined || node["Index Cond"] !== undefined || this.partialIndexes.has(index)) return below;
    // In its order, as many as are asked for: fine. Without a limit, or searching for rows that may be none, it is all of it.
    if (limited && node.Filter === undefined) return below;
    return [`all of ${index} on ${table}`, ...below];
  }
}
