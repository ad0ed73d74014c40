import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The part of Prisma's schema engine that is used here. */
export interface SchemaEngine {
  diff(request: object): Promise<{ exitCode: number; stdout: string | null }>;
  applyMigrations(request: object): Promise<{ appliedMigrationNames: string[] }>;
  diagnoseMigrationHistory(request: object): Promise<MigrationHistory>;
  markMigrationRolledBack(request: object): Promise<object>;
}

/** What the engine finds of migrations in a database. */
export interface MigrationHistory {
  editedMigrationNames: string[];
  failedMigrationNames: string[];
  /** null: database and folder agree. */
  history: object | null;
}

interface EngineModule {
  __wbg_set_wasm(exports: Record<string, unknown>): void;
  SchemaEngine: { new: (options: object, log: () => void, adapter: unknown) => Promise<SchemaEngine> };
}

let loaded: Promise<EngineModule["SchemaEngine"]> | undefined;

/**
 * Prisma's schema engine as WebAssembly, where no native engine is needed.
 * @param onPanic called when the engine panics; the call that made it panic never settles
 */
export function loadSchemaEngine(onPanic: (message: string) => void): Promise<EngineModule["SchemaEngine"]> {
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: onPanic } });
  // Once a process: the bindings keep views into the memory of the first instance.
  loaded ??= load();
  return loaded;
}

/** By hand: the package's own entry does not load under Bun. */
async function load(): Promise<EngineModule["SchemaEngine"]> {
  const home = dirname(createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/package.json"));
  const bindings: EngineModule = await import(pathToFileURL(resolve(home, "schema_engine_bg.js")).href);
  const wasm = await WebAssembly.compile(readFileSync(resolve(home, "schema_engine_bg.wasm")));
  const { exports } = await WebAssembly.instantiate(wasm, { "./schema_engine_bg.js": bindings as never });
  bindings.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
  return bindings.SchemaEngine;
}
