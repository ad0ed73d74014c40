import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { KeyRingError, parseKeyRing } from "./index.ts";

const key = () => randomBytes(32).toString("base64");

describe("parseKeyRing", () => {
  test("the first key encrypts, all are kept", () => {
    const ring = parseKeyRing(` new:${key()}, old:${randomBytes(32).toString("base64url")} `);
    expect(ring.current.id).toBe("new");
    expect([...ring.keys.keys()]).toEqual(["new", "old"]);
  });

  const same = key();
  const short = randomBytes(16).toString("base64");
  const faults: [string, string | undefined, string][] = [
    ["nothing", undefined, "no key is given"],
    ["blank", "  ", "no key is given"],
    ["no id", same, "entry 1 does not begin with an id"],
    ["empty id", `:${same}`, "entry 1 does not begin with an id"],
    ["trailing comma", `a:${same},`, "entry 2 does not begin with an id"],
    ["odd id", `a b:${same}`, "entry 1 does not begin with an id"],
    ["no base64", `a:${same}!`, "key a is not base64"],
    ["empty key", "a:", "key a is not base64"],
    ["short", `a:${short}`, "key a is 16 bytes long; expected 32"],
    ["long", `a:${randomBytes(33).toString("base64")}`, "key a is 33 bytes long; expected 32"],
    ["id twice", `a:${same},a:${key()}`, "the id a is used twice"],
    ["key twice", `a:${same},b:${same}`, "key b is the same as an earlier one"],
  ];
  test.each(faults)("%s is refused by name, without the key", (_, text, fault) => {
    const parse = () => parseKeyRing(text);
    expect(parse).toThrow(KeyRingError);
    expect(parse).toThrow(fault);
    expect(parse).not.toThrow(same);
    expect(parse).not.toThrow(short);
  });
});
