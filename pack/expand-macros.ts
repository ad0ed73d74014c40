import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Only Bun runs macros, and none of an installed package. */
const MACRO = / from "(\.[^"]+)" with \{ type: "macro" \}/;

/**
 * Runs the macros of compiled code now: in each file that has one, its result stands as a value.
 * @param sources the folder of the TypeScript that `compiled` was made from
 */
export async function expandMacros(sources: string, compiled: string): Promise<void> {
  const files = readdirSync(compiled, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".js"));
  for (const path of files) {
    const file = join(compiled, path);
    // A macro that was run is gone by now.
    const macro = existsSync(file) && MACRO.exec(readFileSync(file, "utf8"))?.[1];
    if (!macro) continue;
    const entry = join(sources, path.replace(/js$/, "ts"));
    const built = await Bun.build({ entrypoints: [entry], target: "node", format: "esm", packages: "external" });
    const text = (await built.outputs[0]?.text()) ?? "";
    if (text === "" || MACRO.test(text)) throw new Error(`${entry}: its macro was not run`);
    writeFileSync(file, text);
    // No longer true, and no longer used: the map, and the macro itself.
    const used = join(dirname(file), macro);
    for (const old of [`${file}.map`, used, `${used}.map`]) rmSync(old);
  }
}
