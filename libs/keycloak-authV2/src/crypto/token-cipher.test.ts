import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { AuthError } from "@libs/problems";
import fc from "fast-check";
import { hashToken, parseKeyRing, TokenCipher } from "./index.ts";

const entry = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const [older, newer] = [entry("k1"), entry("k2")];
const cipher = new TokenCipher(parseKeyRing(older));
const place = { sessionId: "session-1", column: "access_token" };

function refused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof AuthError && error.code === "token.undecryptable";
  }
}

describe("TokenCipher", () => {
  test("what was encrypted decrypts in its place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), fc.string(), (text, sessionId, column) => {
        const value = cipher.encrypt(text, { sessionId, column });
        expect(value).toMatch(/^v1\.k1\.[\w-]+$/);
        expect(cipher.decrypt(value, { sessionId, column })).toBe(text);
      }),
    );
  });

  test("the token does not occur in its ciphertext, and no two ciphertexts are alike", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (text) => {
        const [a, b] = [cipher.encrypt(text, place), cipher.encrypt(text, place)];
        expect(a).not.toBe(b);
        expect(a.slice(6)).not.toContain(text);
      }),
    );
  });

  test("another session or column does not open it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, sessionId, column) => {
        fc.pre(sessionId !== place.sessionId || column !== place.column);
        const value = cipher.encrypt(text, place);
        return refused(() => cipher.decrypt(value, { sessionId, column }));
      }),
    );
    const glued = cipher.encrypt("text", { sessionId: "ab", column: "c" });
    expect(refused(() => cipher.decrypt(glued, { sessionId: "a", column: "bc" }))).toBe(true);
  });

  test("a change of any one character is noticed", () => {
    const value = cipher.encrypt("a token", place);
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom(..."AZaz09-_.=+/ "), (at, character) => {
        fc.pre(value[at] !== character);
        const changed = value.slice(0, at) + character + value.slice(at + 1);
        return refused(() => cipher.decrypt(changed, place));
      }),
    );
  });

  test("cut short, made longer or something else altogether", () => {
    const value = cipher.encrypt("a token", place);
    for (let length = 0; length < value.length; length += 1) {
      expect(refused(() => cipher.decrypt(value.slice(0, length), place))).toBe(true);
    }
    fc.assert(fc.property(fc.string(), (text) => refused(() => cipher.decrypt(text, place))));
    fc.assert(fc.property(fc.string({ minLength: 1 }), (more) => refused(() => cipher.decrypt(value + more, place))));
  });

  test("a new first key encrypts, the old one still decrypts, a dropped one does not", () => {
    const before = cipher.encrypt("a token", place);
    const rolled = new TokenCipher(parseKeyRing(`${newer},${older}`));
    expect(rolled.encrypt("a token", place)).toStartWith("v1.k2.");
    expect(rolled.decrypt(before, place)).toBe("a token");
    const dropped = new TokenCipher(parseKeyRing(newer));
    expect(refused(() => dropped.decrypt(before, place))).toBe(true);
  });

  test("another key of the same id does not open it, and a key id can't be swapped", () => {
    const value = cipher.encrypt("a token", place);
    const stranger = new TokenCipher(parseKeyRing(entry("k1")));
    expect(refused(() => stranger.decrypt(value, place))).toBe(true);
    const renamed = new TokenCipher(parseKeyRing(older.replace("k1:", "k9:")));
    expect(refused(() => renamed.decrypt(value.replace("v1.k1.", "v1.k9."), place))).toBe(true);
  });
});

test("hashToken is SHA-256 in base64url", () => {
  expect(hashToken("abc")).toBe("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
});
