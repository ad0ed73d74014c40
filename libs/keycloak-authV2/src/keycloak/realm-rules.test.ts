import { describe, expect, test } from "bun:test";
import { passwordRule, profileRule } from "./realm-rules.ts";

describe("rules in words", () => {
  test.each([
    ["error-invalid-length", ["username", 3, 255], "must be 3 to 255 characters long"],
    ["error-invalid-length-too-short", ["x", 3, 255], "must be at least 3 characters long"],
    ["error-invalid-length-too-long", ["x", null, 255], "must be at most 255 characters long"],
    ["error-invalid-length", ["x", "a", "b"], "must be within the allowed number of characters long"],
    ["error-invalid-length", ["x", 0, 2048], "must be at most 2048 characters long"],
    ["error-invalid-multivalued-size", ["x", 0, 2], "must have at most 2 values"],
    ["error-invalid-multivalued-size", ["x", 1, 2], "must have 1 to 2 values"],
    ["error-number-out-of-range", ["x", 1, 9], "must be 1 to 9"],
    ["error-number-out-of-range", ["x", 0, 9], "must be 0 to 9"],
    ["error-invalid-email", ["email", "SUBMITTED"], "must be an email address"],
    ["error-user-attribute-required", ["email"], "is required"],
    ["a-rule-of-ones-own", ["x", "SUBMITTED"], "is refused by the rules of this realm"],
    ["__proto__", [], "is refused by the rules of this realm"],
    ["constructor", [], "is refused by the rules of this realm"],
  ])("%s %j", (key, params, rule) => {
    expect(profileRule(key, params)).toBe(rule);
  });

  test.each([
    ["invalidPasswordMinLengthMessage", "Invalid password: minimum length 8.", "must be at least 8 characters long"],
    ["invalidPasswordHistoryMessage", "not equal to any of last 3 passwords.", "must differ from the last 3 passwords"],
    ["invalidPasswordMaxLengthMessage", "maximum length 1,024.", "must be at most 1024 characters long"],
    ["invalidPasswordMaxLengthMessage", "höchstens 1.024 Zeichen", "must be at most 1024 characters long"],
    ["invalidPasswordMinDigitsMessage", "au moins 2 chiffres, 1 lettre", "must contain at least 2 digits"],
    ["invalidPasswordNotUsernameMessage", "", "must not be the username"],
    ["invalidPasswordMinDigitsMessage", "", "must contain at least the required number of digits"],
    ["invalidPasswordOfOnesOwn", "SUBMITTED", "breaks a rule of this realm's password policy"],
  ])("%s", (key, description, rule) => {
    expect(passwordRule(key, description)).toBe(rule);
  });
});
