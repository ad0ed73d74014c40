// What Keycloak takes as an email, a name or a password, the gateway takes too, and the whole way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let client: AuthClient;
beforeAll(async () => {
  client = new AuthClient((await replicas.start("directly")).url);
});
afterAll(stopGateways);

const taken = [
  "o&m@example.com",
  "a/b@example.com",
  "a!b@example.com",
  "a=b@example.com",
  "a{b}@example.com",
  '"a b"@example.com',
  '"quo\\"te"@example.com',
  "müller@example.com",
  "a@müller.example",
  "a@xn--mller-kva.example",
  "x@localhost",
  "a@b.c",
  "a@b",
  "用户@例子.公司",
  "a#b$%'*?^_`|~+@example.com",
  "İ@example.com",
  "a@[127.0.0.1]",
  `${"a".repeat(64)}@${`${"b".repeat(60)}.`.repeat(3)}${"c".repeat(7)}`,
];
/** By the gateway's own rule: these can't be an email, or Keycloak fails on them. */
const impossible = [
  "a",
  "a@",
  "@b.de",
  "a@b.de ",
  "a\u0000b@b.de",
  "a\u0085@b.de",
  `a@${"b".repeat(254)}`,
  "\ud800@b.de",
];
/** By Keycloak's. */
const refused = ["a b@example.com", "a..b@example.com", "a@b@example.com", "a,b@example.com", "a@-b.example"];

describe("emails", () => {
  test.each(taken)("%s", async (email) => {
    const { userRepository } = createKeycloakAdapters({ url: replicas.stack.keycloakUrl, ...replicas.stack });
    const person = newPerson({ email });
    const { status, body } = await client.register(person);
    expect(status).toBe(201);
    expect(body.user.email).toBe(email.toLowerCase());
    const [row] = await replicas.sql`SELECT email FROM users WHERE id = ${body.userId}`;
    expect(row.email).toBe(email.toLowerCase());
    const found = await userRepository.searchUsers({ email, exact: true });
    expect(found.map(({ id }) => id)).toEqual([body.userId]);
    expect((await client.login({ username: email, password: person.password })).status).toBe(200);
    const again = await client.register<ProblemBody>(newPerson({ email: email.toUpperCase() }));
    // Where a letter has no lower case of its own, the upper-case form is another email.
    if (email.toUpperCase().toLowerCase() === email.toLowerCase())
      expect(`${again.status} ${again.body.code}`).toBe("409 registration.email_taken");
  });

  test("what can't be one is refused by a rule, what Keycloak does not take by Keycloak's", async () => {
    for (const email of [...impossible, ...refused]) {
      const { status, body, raw } = await client.register<ProblemBody>(newPerson({ email }));
      const code = refused.includes(email) ? "registration.profile_rejected" : "input.invalid";
      expect({ email, answer: `${status} ${body.code}` }).toEqual({ email, answer: `400 ${code}` });
      expect(body.errors?.map(({ path }) => path)).toContain("email");
      if (email.length > 3) expect(raw).not.toContain(JSON.stringify(email).slice(1, -1));
    }
    expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
  });
});

test("a password of any length that registers logs in; a longer one is refused by both", async () => {
  const long = randomBytes(129).toString("hex").slice(0, 257);
  for (const password of [long, "ü".repeat(4000), "😀".repeat(2000), " a b\t\n c d "]) {
    const person = newPerson({ password });
    expect((await client.register(person)).status).toBe(201);
    expect((await client.login(person)).status).toBe(200);
    const shorter = [...password].slice(0, -1).join("");
    expect((await client.login({ ...person, password: shorter })).status).toBe(401);
  }
  const person = newPerson({ password: "x".repeat(4001) });
  for (const answer of [await client.register<ProblemBody>(person), await client.login<ProblemBody>(person)]) {
    expect(`${answer.status} ${answer.body.code}`).toBe("400 input.invalid");
    expect(answer.body.errors?.map(({ path }) => path)).toEqual(["password"]);
  }
});

test("names as Keycloak takes them, blanks around them included", async () => {
  for (const [firstName, lastName] of [
    ["Ada ", " Lovelace"],
    ["A", "O'Neil-Ü. y"],
    ["e\u0301", "名前"],
    ["x".repeat(255), "y"],
  ]) {
    const { status, body } = await client.register(newPerson({ firstName, lastName }));
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ firstName, lastName });
    const [row] = await replicas.sql`SELECT first_name, last_name FROM users WHERE id = ${body.userId}`;
    expect([row.first_name, row.last_name]).toEqual([firstName, lastName]);
  }
});
