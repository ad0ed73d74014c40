import { z } from "zod";

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what it is for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * One line that both databases hold alike: well-formed Unicode, no control characters, not just blanks.
 * @param minLength number of UTF-16 code units, at least
 * @param maxLength number of UTF-16 code units, at most
 * @see {@link text}
 */
export const line = (minLength: number, maxLength: number) =>
  z
    .string()
    .min(minLength)
    .max(maxLength)
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode")
    .refine((value) => !controlCharacters.test(value), "must not contain control characters")
    .refine((value) => value === "" || value.trim() !== "", "must not be blank");

/**
 * One line as {@link line} has it, without blanks around it.
 * @param minLength number of UTF-16 code units, at least
 * @param maxLength number of UTF-16 code units, at most
 * @example
 * ```ts
 * import { email, line, metadata, password, secret, text } from "@libs/http";
 * import { z } from "zod";
 *
 * export const signUp = z.strictObject({
 *   username: text(3, 255),
 *   nickname: line(0, 60),
 *   email,
 *   password,
 *   voucher: secret(64).optional(),
 *   metadata: metadata.optional(),
 * });
 * ```
 */
export const text = (minLength: number, maxLength: number) =>
  line(minLength, maxLength).refine((value) => value.trim() === value, "must not begin or end with blanks");

/**
 * What can be an email at all: as long as Keycloak's column, something on both sides of an `@`. The rest is Keycloak's to
 * decide, which takes more than most rules do: `x@localhost`, `"a b"@example.com`, `o&m@example.com`, `müller@例子.公司`.
 * @see {@link text}
 */
export const email = text(3, 255).regex(/^.+@.+$/, "must be an email address");

/**
 * A secret: any characters but NUL, which no database stores.
 * @param maxLength number of UTF-16 code units, at most
 * @see {@link text}
 */
export const secret = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode")
    .refine((value) => !value.includes("\0"), "must not contain NUL");

/**
 * A person's password, as long as Keycloak's token endpoint takes a parameter (its `req-params-default-max-size`): one that
 * is longer could be set and not be used. Length and content are the realm's policy.
 * @see {@link text}
 */
export const password = secret(4000);

const maxMetadataBytes = 4096;

/**
 * Free-form JSON of the application, kept small.
 * @see {@link text}
 */
export const metadata = z
  .record(text(1, 64), z.json())
  .refine(
    (value) => JSON.stringify(value).length <= maxMetadataBytes,
    `must be at most ${maxMetadataBytes} bytes of JSON`,
  )
  .refine((value) => storable(value), "must be well-formed Unicode without NUL");

function storable(value: unknown): boolean {
  const json = JSON.stringify(value);
  return json.isWellFormed() && !/\\u(0000|d[89a-f][0-9a-f]{2})/i.test(json);
}
