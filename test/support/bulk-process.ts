import type { SyncCounts } from "@libs/keycloak-authV2/services/bulk";
import type { BulkTarget } from "./bulk-service.ts";
import { SupervisedRun } from "./supervised-run.ts";

/** Users that a process asked Keycloak for. */
export interface AskedFor {
  /** Created from then to then, both included. Milliseconds since the epoch. */
  from: number;
  to: number;
  /** Offset. */
  first: number;
}

export interface BulkEnd {
  state: string;
  counts: SyncCounts;
  resumed: boolean;
}

/** A process that brings all users over. */
export class BulkProcess extends SupervisedRun {
  readonly asked: AskedFor[] = [];
  /** Set when it came to its end. */
  end: BulkEnd | undefined;
  #rest = "";

  constructor(target: BulkTarget & { pageSize: number }) {
    super("./bulk-sync-runner.ts", [JSON.stringify(target)]);
  }

  protected override take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const said = JSON.parse(line) as AskedFor | BulkEnd;
      if ("state" in said) this.end = said;
      else this.asked.push(said);
    }
  }
}
