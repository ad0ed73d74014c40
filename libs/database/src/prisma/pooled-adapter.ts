import { DatabasePool } from "@libs/postgres";
import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlDriverAdapter, SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import type { PoolConfig } from "pg";

type PrismaPgOptions = ConstructorParameters<typeof PrismaPg>[1];

/** Prisma's adapter over a {@link DatabasePool}: a new one for each time that the client connects. */
export class PooledAdapter implements SqlDriverAdapterFactory {
  readonly provider = "postgres";
  readonly adapterName = "@prisma/adapter-pg";
  #pool: DatabasePool | undefined;

  constructor(
    private readonly config: PoolConfig,
    private readonly options: PrismaPgOptions,
  ) {}

  async connect(): Promise<SqlDriverAdapter> {
    this.#pool = new DatabasePool(this.config);
    return await new PrismaPg(this.#pool, { ...this.options, disposeExternalPool: true }).connect();
  }

  leaveServer(): void {
    this.#pool?.leaveServer();
  }
}
