import { SupervisedRun } from "./supervised-run.ts";

/** A process that migrates a database. */
export class MigrateProcess extends SupervisedRun {
  output = "";

  constructor(databaseUrl: string, migrationsDir: string) {
    super("./migrate-runner.ts", [databaseUrl, migrationsDir]);
  }

  protected override take(text: string): void {
    this.output += text;
  }
}
