/** What a facade's positional form was given, as its options object. */
export function integrationParts<Integration, Database, Metrics, Options extends object>(
  integration: Integration,
  database: Database,
  metrics: Metrics,
  options?: Options,
) {
  return { ...(options as Options), integration, database, metrics };
}
