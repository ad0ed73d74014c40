// What a registration needs and may carry follows the realm's user profile.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { UserProfileConfig } from "@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js";
import { Validator } from "@seriousme/openapi-schema-validator";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
afterAll(stopGateways);

type Attributes = NonNullable<UserProfileConfig["attributes"]>;
let asCreated: UserProfileConfig | undefined;
beforeEach(async () => {
  asCreated ??= await replicas.admin.users.getProfile();
  await replicas.admin.users.updateProfile(asCreated);
});

/** A gateway that has never seen another profile. @param changes of attributes that are there, or new ones */
async function gatewayWith(changes: Attributes): Promise<AuthClient> {
  const { attributes = [], ...profile } = asCreated ?? {};
  const changed = attributes.map((found) => ({ ...found, ...changes.find(({ name }) => name === found.name) }));
  const added = changes.filter(({ name }) => !attributes.some((found) => found.name === name));
  await replicas.admin.users.updateProfile({ ...profile, attributes: [...changed, ...added] });
  return new AuthClient((await replicas.start("directly")).url);
}

const both = { view: ["admin", "user"], edit: ["admin", "user"] };
const custom: Attributes = [
  {
    name: "phone",
    permissions: both,
    required: { roles: ["user"] },
    validations: { pattern: { pattern: "^\\+[0-9]+$", "error-message": "bad-phone" }, length: { max: 16 } },
  },
  { name: "tags", permissions: both, multivalued: true, validations: { multivalued: { max: "2" } } },
  { name: "color", permissions: both, validations: { options: { options: ["red", "blue"] } } },
  { name: "age", permissions: both, validations: { integer: { min: 18, max: 99 } } },
  { name: "bio", permissions: both },
  { name: "level", permissions: { view: ["admin"], edit: ["admin"] } },
  { name: "nickname", permissions: { view: ["user"], edit: ["user"] } },
];

async function refused(client: AuthClient, person: object): Promise<string[]> {
  const { status, body } = await client.register<ProblemBody>(person);
  const errors = (body.errors ?? []).map(({ path, message }) => `${path} ${message}`);
  return [`${status} ${body.code}`, ...errors.toSorted()];
}

interface RegisterSchema {
  required: string[];
  properties: { attributes?: { required?: string[]; properties: Record<string, unknown> } };
}

async function schemaOf(client: AuthClient): Promise<RegisterSchema> {
  const { body } = await client.get("/openapi/json");
  expect((await new Validator().validate(body)).errors).toBeUndefined();
  const document = body as unknown as {
    paths: Record<string, { post: { requestBody: { content: Record<string, object> } } }>;
  };
  const media = document.paths["/auth/register"]?.post.requestBody.content["application/json"];
  return (media as { schema: RegisterSchema }).schema;
}

test("an untouched realm: everything is needed as ever, and there are no attributes", async () => {
  const client = await gatewayWith([]);
  expect((await client.register(newPerson())).status).toBe(201);
  for (const name of ["username", "email", "firstName", "lastName"] as const) {
    const { [name]: _, ...person } = newPerson();
    expect(await refused(client, person)).toEqual(["400 input.invalid", `${name} is required`]);
  }
  expect(await refused(client, { ...newPerson(), attributes: { phone: "+1" } })).toEqual([
    "400 input.invalid",
    "attributes.phone is not an attribute that users of this realm can set",
  ]);
  const { required, properties } = await schemaOf(client);
  expect(required.toSorted()).toEqual(["email", "firstName", "lastName", "password", "username"]);
  expect(properties.attributes).toBeUndefined();
});

describe("attributes of the realm's own", () => {
  test("reach Keycloak, and are in no row and no log here", async () => {
    const client = await gatewayWith(custom);
    const [phone, bio] = [`+49${Date.now()}`, `first line ${crypto.randomUUID()}\nsecond`];
    const attributes = { phone, tags: ["a", "b"], color: "red", age: ["42"], bio };
    const key = { "idempotency-key": crypto.randomUUID() };
    const person = { ...newPerson(), attributes };
    const { status, body } = await client.post<{ userId: string }>("/auth/register", person, key);
    expect(status).toBe(201);
    const user = await replicas.admin.users.findOne({ id: body.userId });
    expect(user?.attributes).toEqual({
      phone: [phone],
      tags: ["a", "b"],
      color: ["red"],
      age: ["42"],
      bio: [bio],
      registrationId: [expect.any(String)],
    });
    expect((await client.login(person)).status).toBe(200);
    const other = await client.post<ProblemBody>(
      "/auth/register",
      { ...person, attributes: { ...attributes, bio: "x" } },
      key,
    );
    expect(`${other.status} ${other.body.code}`).toBe("422 idempotency.key_reused");
    const tables = await replicas.sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;
    for (const { name } of tables) {
      const [{ n }] = await replicas.sql`
        SELECT count(*)::int AS n FROM ${replicas.sql(name)} AS row
        WHERE row::text LIKE ${`%${phone}%`} OR row::text LIKE ${`%${bio.slice(11, 40)}%`}`;
      expect({ name, n }).toEqual({ name, n: 0 });
    }
    expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
  });

  test("are refused where the realm requires, forbids, or does not know them; Keycloak's rules have the same paths", async () => {
    const client = await gatewayWith(custom);
    const send = (attributes: unknown) => refused(client, { ...newPerson(), attributes });
    const invalid = "400 input.invalid";
    expect(await refused(client, newPerson())).toEqual([invalid, "attributes.phone is required"]);
    expect(await send({ phone: " " })).toEqual([invalid, "attributes.phone is required"]);
    for (const name of ["level", "nickname", "registrationId", "locale", "unknown", "username", "constructor"])
      expect(await send({ phone: "+1", [name]: "x" })).toEqual([
        invalid,
        `${name === "username" ? "username" : `attributes.${name}`} is not an attribute that users of this realm can set`,
      ]);
    expect((await send({ phone: "a\0" }))[0]).toBe(invalid);
    expect((await send({ phone: 7 }))[0]).toBe(invalid);
    expect((await send({ "a b": "x", phone: "+1" }))[0]).toBe(invalid);
    expect((await send(JSON.parse('{"phone":"+1","__proto__":"x"}')))[0]).toBe(invalid);
    expect((await send("text"))[0]).toBe(invalid);
    expect(
      await send({ phone: "none", tags: ["a", "b", "c"], color: "green", age: "5", bio: "b".repeat(3000) }),
    ).toEqual([
      "400 registration.profile_rejected",
      "attributes.age must be 18 to 99",
      "attributes.bio must be at most 2048 characters long",
      "attributes.color has a value that is not allowed",
      "attributes.phone is refused by the rules of this realm",
      "attributes.tags must have at most 2 values",
    ]);
    expect(await send({ phone: ["+1", "+2"] })).toEqual([
      "400 registration.profile_rejected",
      "attributes.phone must have at most 1 values",
    ]);
    expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
  });

  test("are in the document as the realm has them", async () => {
    const { required, properties } = await schemaOf(await gatewayWith(custom));
    expect(required).toContain("attributes");
    const { attributes } = properties;
    expect(attributes?.required).toEqual(["phone"]);
    expect(Object.keys(attributes?.properties ?? {}).toSorted()).toEqual(["age", "bio", "color", "phone", "tags"]);
    const color = { type: "string", enum: ["red", "blue"] };
    expect(attributes?.properties.color).toEqual({ anyOf: [color, { type: "array", items: color, maxItems: 1 }] });
  });
});

test("a realm without last names and emails: neither is needed, and what is not kept is answered as not there", async () => {
  const optional = (name: string) => ({ name, required: undefined });
  const client = await gatewayWith([optional("lastName"), optional("email")]);
  const { lastName: _, email: __, ...person } = newPerson();
  const { status, body } = await client.register(person);
  expect(status).toBe(201);
  expect(body.user).toMatchObject({ username: person.username, email: null, lastName: null });
  const [row] = await replicas.sql`SELECT email, last_name FROM users WHERE id = ${body.userId}`;
  expect([row.email, row.last_name]).toEqual([null, null]);
  expect((await client.login(person)).status).toBe(200);
  const taken = await client.register<ProblemBody>(person);
  expect(`${taken.status} ${taken.body.code}`).toBe("409 registration.username_taken");
  const { required } = await schemaOf(client);
  expect(required.toSorted()).toEqual(["firstName", "password", "username"]);

  // The field is gone from the profile: Keycloak drops it, the guide's body goes on working.
  const { attributes = [], ...profile } = asCreated ?? {};
  await replicas.admin.users.updateProfile({
    ...profile,
    attributes: attributes.filter(({ name }) => name !== "lastName"),
  });
  const without = new AuthClient((await replicas.start("directly")).url);
  const kept = await without.register(newPerson());
  expect(kept.status).toBe(201);
  expect(kept.body.user).toMatchObject({ firstName: "Ada", lastName: null });
  expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
});

test("a realm with emails as usernames asks for no username", async () => {
  const { admin, stack } = replicas;
  await admin.realms.update({ realm: stack.realm }, { registrationEmailAsUsername: true });
  try {
    const client = await gatewayWith([]);
    const { username: _, ...person } = newPerson();
    const { status, body } = await client.register(person);
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ username: person.email, email: person.email });
    expect((await schemaOf(client)).required).not.toContain("username");
    const { email: __, ...nobody } = newPerson();
    expect(await refused(client, nobody)).toEqual(["400 input.invalid", "email is required"]);
  } finally {
    await admin.realms.update({ realm: stack.realm }, { registrationEmailAsUsername: false });
  }
});

test("a realm that demands what people may not set lets nobody register: 502, and nothing is left", async () => {
  const level = { name: "level", permissions: { view: ["admin"], edit: ["admin"] }, required: {} };
  const client = await gatewayWith([level]);
  expect(await refused(client, newPerson())).toEqual(["502 keycloak.misconfigured"]);
  expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
});
