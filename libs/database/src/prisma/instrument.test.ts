import { describe, expect, test } from "bun:test";
import {
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  ForeignKeyViolationError,
  UniqueViolationError,
} from "@libs/postgres";
import { instrument } from "./instrument.ts";

class Base {
  readonly size = 7;
  inherited = async () => this.size;
  async readSize(): Promise<number> {
    return await this.inherited();
  }
}

class Repository extends Base {
  #calls = 0;
  async work(failure?: Error): Promise<number> {
    if (failure) throw failure;
    this.#calls += 1;
    return this.#calls;
  }
}

describe("instrument", () => {
  const seen: string[] = [];
  const repository = instrument("things", new Repository(), (operation, outcome, seconds) => {
    expect(seconds).toBeGreaterThanOrEqual(0);
    seen.push(`${operation} ${outcome}`);
  });

  test("passes results on and reports them", async () => {
    expect(await repository.work()).toBe(1);
    expect(await repository.work()).toBe(2);
    expect(seen.splice(0)).toEqual(["things.work success", "things.work success"]);
  });

  test("covers what a class inherits, and leaves values and calls within it alone", async () => {
    expect([await repository.readSize(), repository.size]).toEqual([7, 7]);
    expect(seen.splice(0)).toEqual(["things.readSize success"]);
  });

  test.each([
    ["conflict", new UniqueViolationError("users_pkey")],
    ["conflict", new ForeignKeyViolationError("users_store_id_fkey")],
    ["timeout", new DatabaseTimeoutError("t")],
    ["unavailable", new DatabaseUnavailableError("u")],
    ["error", new TypeError("bug")],
  ])("reports %s and passes the failure on", async (outcome, failure) => {
    await expect(repository.work(failure)).rejects.toBe(failure);
    expect(seen.splice(0)).toEqual([`things.work ${outcome}`]);
  });
});
