// `bun run bench:bulk [--users 100000] [--rounds 3] [--sample 8000] [--million 1000000] [--only rates,loop,memory,million]`
// `authctl users sync` against reading the same users and throwing them away, against one look-up and one write a user,
// and its memory; all sides by turns, on a stack of its own.
import { parseArgs } from "node:util";
import { openTestStack } from "@libs/dev-stack";
import { BulkBench } from "./bulk-bench.ts";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    sample: { type: "string", default: "8000" },
    million: { type: "string", default: "1000000" },
    /** So many have no created time: everybody is then read a second time, by offset, on all sides. */
    undated: { type: "string", default: "0" },
    only: { type: "string", default: "rates,loop,memory,million" },
  },
});

const report = (line: string) => process.stderr.write(`${line}\n`);
const parts = values.only.split(",");

report("Starting Keycloak and PostgreSQL …");
const stack = await openTestStack({ attach: false, jvm: "keycloak" });
const bench = new BulkBench(stack, report);
try {
  if (parts.some((part) => part !== "million")) await bench.fill(Number(values.users), Number(values.undated));
  if (parts.includes("rates")) await bench.rates(Number(values.rounds));
  if (parts.includes("loop")) await bench.guideLoop(Number(values.rounds), Number(values.sample));
  if (parts.includes("memory")) await bench.memory(Number(values.users) / 10);
  if (parts.includes("million")) await bench.million(Number(values.million));
} finally {
  await bench.close();
  await stack.stop();
}
