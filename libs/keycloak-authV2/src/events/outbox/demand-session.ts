import { directUrlFault } from "@libs/database";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import { SetupError } from "@libs/problems";

/** @throws SetupError when a pooler in transaction mode answers there: events would wait until somebody asks for them */
export async function demandSession(databaseDirectUrl: Secret): Promise<void> {
  const fault = await directUrlFault({ url: currentSecret(databaseDirectUrl), variable: "DATABASE_DIRECT_URL" });
  if (fault) throw new SetupError("setup.invalid", fault);
}
