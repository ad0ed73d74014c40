import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The part of Prisma's schema engine that is used here. */
export interface SchemaEngine {
  diff(request: object): Promise<{ exitCode: number; stdout: string | null }>;
}

interface EngineModule {
  __wbg_set_wasm(exports: Record<string, unknown>): void;
  SchemaEngine: { new: (options: object, log: () => void, adapter: unknown) => Promise<SchemaEngine> };
}

/**
 * Loads Prisma's schema engine as WebAssembly, where no native engine is needed. By hand: its own entry does not load
 * under Bun.
 * @param onPanic told when the engine panics; the call that made it panic never settles
 */
export async function loadSchemaEngine(onPanic: (message: string) => void): Promise<EngineModule["SchemaEngine"]> {
  const home = dirname(createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/package.json"));
  const bindings: EngineModule = await import(pathToFileURL(resolve(home, "schema_engine_bg.js")).href);
  const wasm = await WebAssembly.compile(readFileSync(resolve(home, "schema_engine_bg.wasm")));
  const { exports } = await WebAssembly.instantiate(wasm, { "./schema_engine_bg.js": bindings as never });
  bindings.__wbg_set_wasm(exports);
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: onPanic } });
  (exports.__wbindgen_start as () => void)();
  return bindings.SchemaEngine;
}
