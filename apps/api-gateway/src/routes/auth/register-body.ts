import { email, line, metadata, password, text } from "@libs/http";
import { z } from "zod";

/** As Keycloak names attributes. */
const attributeName = z.string().regex(/^[\w.-]{1,255}$/, "must be an attribute's name");

/** Lines are the realm's business: an attribute may be a longer text. */
const attributeValue = z
  .string()
  .max(10_000)
  .refine((value) => value.isWellFormed(), "must be well-formed Unicode")
  .refine((value) => !value.includes("\0"), "must not contain NUL");

/** A record leaves this name out without a word. */
const withoutPrototype = (value: unknown, context: z.core.$RefinementCtx): unknown => {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"))
    context.addIssue({ code: "custom", message: "must be attributes' names" });
  return value;
};

const namedValues = z
  .record(attributeName, z.union([attributeValue, z.array(attributeValue).max(50)]))
  .refine((given) => Object.keys(given).length <= 50, "must be at most 50");

const attributes = z.preprocess(withoutPrototype, namedValues);

/**
 * What can be a registration at all. Which of the names, the email and the attributes are needed is the realm's to say, and
 * is checked against its user profile.
 */
export const registerBody = z.strictObject({
  username: text(1, 255).optional().describe("Required unless the realm uses the email as username."),
  email: email.optional(),
  password,
  firstName: line(1, 255).optional(),
  lastName: line(1, 255).optional(),
  attributes: attributes.optional().describe("The realm's own user attributes that people may set, by name."),
  storeId: text(1, 64).optional(),
  organizationId: text(1, 64).optional(),
  metadata: metadata.optional(),
});
