// A sibling service, a fifth of whose work fails. Run as a process, to be killed.
import { appendFileSync } from "node:fs";
import { subscribeToEvents } from "@libs/keycloak-authV2/events";

const [databaseUrl = "", name = "", file = ""] = process.argv.slice(2);
const FAILURES = 1 / 5;

await subscribeToEvents({
  databaseUrl,
  name,
  handle: async ({ userId, version, type }) => {
    await Bun.sleep(Math.random() * 20);
    if (Math.random() < FAILURES) throw new Error("failed at random");
    // What is written here outlives the process, as a sibling's own database would.
    appendFileSync(file, `${userId} ${version} ${type}\n`);
    await Bun.sleep(Math.random() * 20);
  },
});
console.log("subscribed");
