/**
 * What rows call a full reconciliation, as a source of change notices and as a kind of run: the name of earlier versions,
 * whose replicas read the same rows while this one rolls out. SQL has it as a literal, or no index would serve.
 */
const STORED = "full_look";

/** A port's value as rows have it. */
export function toStored(value: string): string {
  return value === "full_reconciliation" ? STORED : value;
}

/** A row's value as the ports have it. */
export function fromStored(value: string): string {
  return value === STORED ? "full_reconciliation" : value;
}
