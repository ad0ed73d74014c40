import { describe, expect, test } from "bun:test";
import { readUserProfile } from "./read-user-profile.ts";

const both = { view: ["admin", "user"], edit: ["admin", "user"] };
const admins = { view: ["admin"], edit: ["admin"] };
const people = { view: ["user"], edit: ["user"] };

const metadata = (readOnly = false) => ({ attributes: [{ name: "username", readOnly }] });

/** How one attribute is judged. */
function judge(attribute: Record<string, unknown>, emailAsUsername = false) {
  const name = String(attribute.name ?? "phone");
  const read = readUserProfile({ attributes: [{ name, permissions: both, ...attribute }] }, metadata(emailAsUsername));
  const { required, settable } = read.attributes[0] ?? {};
  return { required, settable, blocked: read.blocked.length > 0, asked: read.askedByKeycloak.length > 0 };
}

const free = { required: false, settable: true, blocked: false, asked: false };
const needed = { ...free, required: true };
const notOurs = { ...free, settable: false };

describe("one attribute", () => {
  const cases: [what: string, attribute: Record<string, unknown>, expected: object][] = [
    ["optional", {}, free],
    ["required of all", { required: {} }, needed],
    ["required of all, lists empty", { required: { roles: [], scopes: [] } }, needed],
    ["required of people", { required: { roles: ["user"] } }, needed],
    ["required of administrators, which we are", { required: { roles: ["admin"] } }, needed],
    ["required for a scope alone", { required: { scopes: ["phone"] } }, free],
    ["required of people for a scope", { required: { roles: ["user"], scopes: ["phone"] } }, free],
    ["required, with a default", { required: {}, defaultValue: "-" }, free],
    ["an administrator's", { permissions: admins }, notOurs],
    ["an administrator's, required of people", { permissions: admins, required: { roles: ["user"] } }, notOurs],
    ["an administrator's, required of all", { permissions: admins, required: {} }, { ...notOurs, blocked: true }],
    ["people's alone", { permissions: people }, notOurs],
    ["people's alone, required", { permissions: people, required: { roles: ["user"] } }, { ...notOurs, asked: true }],
    ["people's alone, required of all", { permissions: people, required: {} }, { ...notOurs, asked: true }],
    ["nobody's", { permissions: undefined, required: {} }, notOurs],
    ["Keycloak's own", { name: "EMAIL_verified" }, notOurs],
    ["Keycloak's own, required", { name: "kc.email.pending", required: {} }, { ...notOurs, blocked: true }],
    ["a locale", { name: "locale" }, notOurs],
    ["an email, nothing said", { name: "email", permissions: undefined }, free],
    ["a username", { name: "username", permissions: undefined }, needed],
  ];
  test.each(cases)("%s", (_, attribute, expected) => {
    expect(judge(attribute)).toEqual(expected as ReturnType<typeof judge>);
  });

  test("where the email is the username, the email is needed and the username is not", () => {
    expect(judge({ name: "email" }, true)).toEqual(needed);
    expect(judge({ name: "username", required: {} }, true)).toEqual(free);
  });

  test("bounds and options are taken where they are what they should be", () => {
    const read = (validations: unknown) =>
      readUserProfile({ attributes: [{ name: "a", permissions: both, validations, multivalued: true }] }, metadata())
        .attributes[0];
    expect(read({ length: { max: "20" }, options: { options: ["red", "blue"] } })).toMatchObject({
      maxLength: 20,
      options: ["red", "blue"],
      multivalued: true,
    });
    expect(read({ length: { max: "many" }, options: {} })).toMatchObject({ maxLength: null, options: null });
    expect(read(undefined)).toMatchObject({ maxLength: null, options: null });
  });
});

test("the mark is nobody's business", () => {
  const mark = { name: "registrationId", permissions: admins, required: {} };
  expect(readUserProfile({ attributes: [mark] }, metadata())).toEqual({
    emailAsUsername: false,
    attributes: [],
    blocked: [],
    askedByKeycloak: [],
  });
});

test("what is no profile is refused", () => {
  for (const answer of [null, [], {}, { attributes: [{}] }, "text"])
    expect(() => readUserProfile(answer, metadata())).toThrow();
});
