import type { UserSearch } from "../../ports/ports.ts";

/** A search as query parameters of `GET /users` and `GET /users/count`, the page left out. */
export function toUserQuery(asked: UserSearch) {
  const { search, username, email, exact, attribute, createdAfter, createdBefore, enabled, emailVerified } = asked;
  return {
    ...(search !== undefined && { search }),
    ...(username !== undefined && { username }),
    ...(email !== undefined && { email }),
    ...(exact !== undefined && { exact }),
    ...(attribute && { q: `${quoted(attribute.name)}:${quoted(attribute.value)}` }),
    ...(createdAfter && { createdAfter: createdAfter.getTime() }),
    ...(createdBefore && { createdBefore: createdBefore.getTime() }),
    ...(enabled !== undefined && { enabled }),
    ...(emailVerified !== undefined && { emailVerified }),
  };
}

/** Keycloak splits `q` at blanks and colons outside of quotes. */
const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`;

/** Nobody has an attribute without a value. Keycloak up to 25 takes such a condition for none, and lists everybody. */
export const namesNobody = ({ attribute }: UserSearch): boolean =>
  attribute !== undefined && (attribute.name.trim() === "" || attribute.value.trim() === "");
