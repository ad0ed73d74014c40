import { directUrlFault, directUrlOf } from "@libs/database";
import { runService } from "@libs/http";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

await runService(process, {
  name: "orders",
  readConfig,
  refuse: (config) => directUrlFault(directUrlOf(config)),
  compose,
});
