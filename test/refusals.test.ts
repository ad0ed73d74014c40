import { beforeAll, describe, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { TOTP } from "otpauth";
import type { Answer, ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { useJourney } from "./support/journey.ts";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const journey = useJourney();
let admin: KcAdminClient;

beforeAll(async () => {
  admin = await realmAdmin(journey.stack);
});

async function registered(overrides: Partial<Person> = {}): Promise<Person & { id: string }> {
  const person = newPerson(overrides);
  const { status, body } = await journey.client.register(person);
  expect(status).toBe(201);
  return { ...person, id: body.userId };
}

/** An answer without what differs from one request to the next. */
function shape({ status, raw, body, headers }: Answer<ProblemBody>) {
  return {
    status,
    text: raw.replaceAll(body.requestId, "-"),
    type: headers.get("content-type"),
    challenge: headers.get("www-authenticate"),
  };
}

describe("login is refused", () => {
  test("with one and the same 401 for wrong password, unknown, locked and disabled user", async () => {
    const { client } = journey;
    const wrong = await registered();
    const disabled = await registered();
    await admin.users.update({ id: disabled.id }, { enabled: false });
    const locked = await registered();
    // Two failures within a second lock the user in Keycloak, which counts them a little later.
    await eventually(async () => {
      await client.login({ username: locked.username, password: "Wrong-password-1" });
      expect(await admin.attackDetection.findOne({ id: locked.id })).toMatchObject({ disabled: true });
    });

    const answers = {
      wrong: await client.login<ProblemBody>({ username: wrong.username, password: "Wrong-password-1" }),
      unknown: await client.login<ProblemBody>({ username: "nobody-at-all", password: "Wrong-password-1" }),
      locked: await client.login<ProblemBody>({ username: locked.username, password: locked.password }),
      disabled: await client.login<ProblemBody>({ username: disabled.username, password: disabled.password }),
    };
    expect(answers.wrong.body.code).toBe("auth.invalid_credentials");
    expect(shape(answers.wrong).status).toBe(401);
    for (const answer of Object.values(answers)) expect(shape(answer)).toEqual(shape(answers.wrong));
    for (const secret of [locked.password, disabled.password, "Wrong-password-1", locked.username]) {
      for (const { raw } of Object.values(answers)) expect(raw).not.toContain(secret);
    }
  });

  test("without a one-time password where the user has one; with it the login works", async () => {
    const { client } = journey;
    const seed = "ABCDEFGHIJKLMNOPQRST";
    const person = newPerson();
    const { id } = await admin.users.create({
      username: person.username,
      email: person.email,
      firstName: "Ada",
      lastName: "Lovelace",
      enabled: true,
      credentials: [
        { type: "password", value: person.password, temporary: false },
        {
          type: "otp",
          secretData: JSON.stringify({ value: seed }),
          credentialData: JSON.stringify({ subType: "totp", digits: 6, counter: 0, period: 30, algorithm: "HmacSHA1" }),
        },
      ],
    });
    expect(id).toBeString();
    const without = await client.login<ProblemBody>({ username: person.username, password: person.password });
    expect(without.status).toBe(401);
    expect(without.body.code).toBe("auth.invalid_credentials");
    const otp = new TOTP({ secret: seedOf(seed), digits: 6, period: 30, algorithm: "SHA1" }).generate();
    const login = await client.login({ username: person.username, password: person.password, otp });
    expect(login.status).toBe(200);
  });

  test("with 403 and the account page for a temporary password, a pending action, an unfinished profile", async () => {
    const { client, stack } = journey;
    const temporary = await registered();
    await admin.users.resetPassword({
      id: temporary.id,
      credential: { type: "password", value: temporary.password, temporary: true },
    });
    const pending = await registered();
    await admin.users.update({ id: pending.id }, { requiredActions: ["TERMS_AND_CONDITIONS", "UPDATE_PROFILE"] });
    const unfinished = newPerson();
    await admin.users.create({
      username: unfinished.username,
      email: unfinished.email,
      enabled: true,
      credentials: [{ type: "password", value: unfinished.password, temporary: false }],
    });
    for (const { username, password } of [temporary, pending, unfinished]) {
      const answer = await client.login<ProblemBody>({ username, password });
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe("auth.action_required");
      expect(answer.body.actionUrl).toBe(`${stack.issuer}/account`);
      expect(answer.raw).not.toContain(password);
    }
  });

  test("for an unknown store before Keycloak is called", async () => {
    const { client, gateway } = journey;
    const person = await registered();
    const calls = async () =>
      /keycloak_requests_total\{operation="password_grant"[^}]*\} (\d+)/.exec(await gateway.metrics())?.[1];
    const before = await calls();
    const answer = await client.login<ProblemBody>({ ...credentials(person), storeId: "no-such-store" });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("registration.store_unknown");
    expect(await calls()).toBe(before);
  });
});

const credentials = ({ username, password }: Person) => ({ username, password });

/** Keycloak keeps the seed as raw text; authenticator apps take its bytes. */
function seedOf(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const byte of Buffer.from(text)) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

describe("registration is refused", () => {
  test("for a taken username or email in any letter case, and says which", async () => {
    const { client } = journey;
    const person = await registered();
    const { id: _, ...taken } = person;
    const sameName = await client.register<ProblemBody>({ ...newPerson(), username: taken.username.toUpperCase() });
    expect(sameName.status).toBe(409);
    expect(sameName.body.code).toBe("registration.username_taken");
    const sameEmail = await client.register<ProblemBody>({ ...newPerson(), email: taken.email.toUpperCase() });
    expect(sameEmail.status).toBe(409);
    expect(sameEmail.body.code).toBe("registration.email_taken");
    expect((await client.login(credentials(person))).status).toBe(200);
  });

  test("by the realm's password policy, with the rule in words", async () => {
    const short = newPerson({ password: "Sh0rt!" });
    const answer = await journey.client.register<ProblemBody>(short);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("registration.password_rejected");
    expect(answer.body.errors?.[0]?.path).toBe("password");
    expect(answer.body.errors?.[0]?.message).toContain("8");
    expect(answer.raw).not.toContain(short.password);
    expect(await admin.users.find({ username: short.username, exact: true })).toEqual([]);
  });

  test("by Keycloak's user profile, with the field", async () => {
    const answer = await journey.client.register<ProblemBody>(newPerson({ firstName: "<script>" }));
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("registration.profile_rejected");
    expect(answer.body.errors?.[0]?.path).toBe("firstName");
    expect(answer.raw).not.toContain("<script>");
  });

  test("for an unknown store or organization before Keycloak is called", async () => {
    const { client, gateway, sql } = journey;
    const creations = async () =>
      /keycloak_requests_total\{operation="create_user"[^}]*\} (\d+)/.exec(await gateway.metrics())?.[1];
    const [before, rows] = [await creations(), await sql`SELECT count(*)::int AS n FROM registrations`];
    for (const [field, code] of [
      ["storeId", "registration.store_unknown"],
      ["organizationId", "registration.organization_unknown"],
    ] as const) {
      const person = newPerson();
      const answer = await client.register<ProblemBody>({ ...person, [field]: "no-such-thing" });
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe(code);
      expect(answer.body.errors?.[0]?.path).toBe(field);
      expect(answer.raw).not.toContain(person.password);
    }
    expect(await creations()).toBe(before);
    expect(await sql`SELECT count(*)::int AS n FROM registrations`).toEqual(rows);
  });
});
