import { describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import type { LoggedIn, ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { useJourney } from "./support/journey.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { recordSecret } from "./support/secrets-seen.ts";

const journey = useJourney((_stack) => ({ REFRESH_GRACE_MS: "1000" }));

async function loggedIn(): Promise<LoggedIn> {
  const person = newPerson();
  expect((await journey.client.register(person)).status).toBe(201);
  const { status, body } = await journey.client.login(person);
  expect(status).toBe(200);
  return body;
}

const holdsOf = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });

async function rowOf(sessionId: string) {
  const [row] = await journey.sql`SELECT * FROM sessions WHERE session_id = ${sessionId}`;
  return row;
}

describe("a token that is not this session's", () => {
  test("is 401 for refresh and logout, and leaves everybody's session as it was", async () => {
    const { client } = journey;
    const [owner, other] = [await loggedIn(), await loggedIn()];
    const before = [await rowOf(owner.sessionId), await rowOf(other.sessionId)];
    const garbage = ["x", randomBytes(40).toString("hex"), `${other.tokens.refresh_token}x`, owner.tokens.access_token];
    recordSecret(...garbage.filter((token) => token.length > 20));
    const attempts = [
      ...garbage.map((refreshToken) => ({ sessionId: owner.sessionId, refreshToken })),
      { sessionId: owner.sessionId, refreshToken: other.tokens.refresh_token },
      { sessionId: other.sessionId, refreshToken: owner.tokens.refresh_token },
      { sessionId: randomUUID(), refreshToken: owner.tokens.refresh_token },
    ];
    for (const attempt of attempts) {
      for (const answer of [await client.refresh<ProblemBody>(attempt), await client.logout<ProblemBody>(attempt)]) {
        expect(`${answer.status} ${answer.body.code}`).toBe("401 session.invalid");
        if (attempt.refreshToken.length > 20) expect(answer.raw).not.toContain(attempt.refreshToken);
      }
    }
    expect([await rowOf(owner.sessionId), await rowOf(other.sessionId)]).toEqual(before);
    for (const session of [owner, other]) expect((await client.refresh(holdsOf(session))).status).toBe(200);
  });

  test("nor one that has expired: 401, the row is ended", async () => {
    const { client, sql } = journey;
    const session = await loggedIn();
    await sql`UPDATE sessions SET refresh_expires_at = now() - interval '1 second' WHERE session_id = ${session.sessionId}`;
    const answer = await client.refresh<ProblemBody>(holdsOf(session));
    expect(`${answer.status} ${answer.body.code}`).toBe("401 session.invalid");
    expect(await rowOf(session.sessionId)).toMatchObject({
      end_reason: "expired",
      access_token: null,
      refresh_token: null,
    });
  });
});

describe("refresh", () => {
  test("by many tabs at once gives each a working token", async () => {
    const { client } = journey;
    const session = await loggedIn();
    const answers = await Promise.all(Array.from({ length: 12 }, () => client.refresh(holdsOf(session))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    const last = answers.at(-1)?.body.tokens.refresh_token ?? "";
    expect((await client.refresh({ sessionId: session.sessionId, refreshToken: last })).status).toBe(200);
  });

  test("with a token replaced moments ago gets its successor's answer; later it is theft and ends the session", async () => {
    const { client, stack } = journey;
    const admin = await realmAdmin(stack);
    const session = await loggedIn();
    const first = await client.refresh(holdsOf(session));
    const again = await client.refresh(holdsOf(session));
    expect(again.status).toBe(200);
    expect(again.body.tokens.refresh_token).toBe(first.body.tokens.refresh_token);
    const { sql } = journey;
    await sql`UPDATE spent_refresh_tokens SET spent_at = spent_at - interval '5 seconds' WHERE session_id = ${session.sessionId}`;
    const stolen = await client.refresh<ProblemBody>(holdsOf(session));
    expect(`${stolen.status} ${stolen.body.code}`).toBe("401 session.reuse_detected");
    expect(await rowOf(session.sessionId)).toMatchObject({ end_reason: "refresh_token_reuse" });
    await eventually(async () => expect(await admin.users.listSessions({ id: session.user.id })).toEqual([]));
  });

  test("of a session that ended in Keycloak is 401 and ends the row", async () => {
    const { client, stack } = journey;
    const admin = await realmAdmin(stack);
    const session = await loggedIn();
    await admin.realms.removeSession({ realm: stack.realm, sessionId: session.tokens.session_state });
    const answer = await client.refresh<ProblemBody>(holdsOf(session));
    expect(`${answer.status} ${answer.body.code}`).toBe("401 session.refused");
    expect(await rowOf(session.sessionId)).toMatchObject({ end_reason: "refresh_refused" });
  });
});
