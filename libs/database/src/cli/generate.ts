/**
 * Generates the Prisma client into `src/generated` (git-ignored). Does nothing while schema and Prisma are unchanged.
 *
 * Usage: `bun libs/database/src/cli/generate.ts`
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const schemaPath = resolve(packageRoot, "../../prisma/schema.prisma");
const output = resolve(packageRoot, "src/generated");
const stampPath = resolve(output, ".schema-sha256");

const require = createRequire(import.meta.url);
const prismaPackage = require.resolve("prisma/package.json");
const prismaVersion: string = require(prismaPackage).version;

const stamp = createHash("sha256").update(prismaVersion).update(readFileSync(schemaPath)).digest("hex");
const isCurrent =
  existsSync(resolve(output, "client.ts")) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp;

if (!isCurrent) {
  const generated = spawnSync(
    process.execPath,
    [resolve(dirname(prismaPackage), "build/index.js"), "generate", "--schema", schemaPath, "--no-hints"],
    {
      cwd: packageRoot,
      encoding: "utf8",
      env: {
        ...process.env,
        // Prisma insists on having its native engine here, which generating never starts: any executable will do, and
        // nothing is downloaded.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: "1",
      },
    },
  );
  if (generated.status !== 0) {
    process.stderr.write(`${generated.stdout ?? ""}${generated.stderr ?? ""}${generated.error?.message ?? ""}\n`);
    process.exit(1);
  }
  writeFileSync(stampPath, stamp);
}
