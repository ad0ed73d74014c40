import { runService } from "@libs/http";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

await runService(process, { name: "orders", readConfig, compose });
