import { expect } from "bun:test";
import { randomInt } from "node:crypto";
import { type Answer, AuthClient, type LoggedIn } from "./auth-client.ts";
import { eventually } from "./eventually.ts";
import { newPerson, type Person } from "./person.ts";

interface Member {
  person: Person;
  userId: string;
  /** The newest tokens that this person got, if logged in. */
  session: { sessionId: string; refreshToken: string; keycloakSessionId: string } | undefined;
}

/** What a caller may ever be answered: success, a refusal with a reason, or "try again". Never 500. */
const allowed: Record<string, number[]> = {
  register: [201, 409, 422, 429, 503, 504],
  login: [200, 401, 429, 503, 504],
  refresh: [200, 401, 429, 503, 504],
  logout: [200, 401, 503, 504],
};

/** People who register, log in, refresh and log out at random gateways, and remember what they were answered. */
export class MixedTraffic {
  readonly welcomed: Member[] = [];
  /** Keycloak sessions whose logout was answered with 200. */
  readonly loggedOut: { userId: string; keycloakSessionId: string }[] = [];
  readonly counts: Record<string, number> = {};
  readonly forbidden: string[] = [];
  /** Calls that were answered with "try again", or not at all; milliseconds of {@link performance}. */
  readonly failures: { outcome: string; startedAt: number; endedAt: number }[] = [];
  /** Refreshes that were refused although nobody had ended the session. */
  readonly lostSessions: string[] = [];
  /** Logins that were refused although name and password were right. */
  readonly wronglyRefused: string[] = [];
  #running = true;

  constructor(private readonly urls: () => string[]) {}

  /** Those who are logged in: their newest tokens, whose sessions nobody has ended. */
  get loggedIn(): (Member & { session: NonNullable<Member["session"]> })[] {
    return this.welcomed.filter((member) => member.session !== undefined) as ReturnType<() => this["loggedIn"]>;
  }

  /** Runs until {@link stop}. */
  async run(workers: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, () => this.#worker()));
  }

  stop(): void {
    this.#running = false;
  }

  /**
   * Everybody who was registered can log in, at the latest when the login lock that a killed replica held is free again.
   * @param clientOf whom the login number `index` is sent to
   */
  async expectLogins(clientOf: (index: number) => AuthClient): Promise<void> {
    const refused: string[] = [];
    for (const [index, { person }] of this.welcomed.entries())
      await eventually(async () => expect(await clientOf(index).login(person)).toMatchObject({ status: 200 })).catch(
        (error: Error) => refused.push(`${person.username}: ${error.message}`),
      );
    expect(refused).toEqual([]);
  }

  async #worker(): Promise<void> {
    const mine: Member[] = [];
    while (this.#running) {
      const member = mine[randomInt(Math.max(1, mine.length))];
      if (!member || mine.length < 3 || randomInt(10) === 0) await this.#register(mine);
      else if (!member.session) await this.#login(member);
      else if (randomInt(5) === 0) await this.#logout(member, member.session);
      else await this.#refresh(member, member.session);
      // So that a fault's own moments, when everything fails at once, are not the bulk of the calls.
      await Bun.sleep(randomInt(5, 40));
    }
  }

  async #call<Body>(
    flow: string,
    work: (client: AuthClient) => Promise<Answer<Body>>,
  ): Promise<Answer<Body> | undefined> {
    const urls = this.urls();
    const client = new AuthClient(urls[randomInt(urls.length)] ?? "");
    const startedAt = performance.now();
    const answer = await work(client).catch(() => undefined);
    const outcome = `${flow} ${answer?.status ?? "cut"}`;
    if (!answer || answer.status >= 500) this.failures.push({ outcome, startedAt, endedAt: performance.now() });
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    if (answer && !allowed[flow]?.includes(answer.status))
      this.forbidden.push(`${outcome} ${answer.raw.slice(0, 200)}`);
    return answer;
  }

  async #register(mine: Member[]): Promise<void> {
    const person = newPerson();
    const answer = await this.#call("register", (client) => client.register(person));
    if (answer?.status !== 201) return;
    const member = { person, userId: answer.body.userId, session: undefined };
    mine.push(member);
    this.welcomed.push(member);
  }

  async #login(member: Member): Promise<void> {
    const answer = await this.#call("login", (client) => client.login<LoggedIn>(member.person));
    if (answer?.status === 401) this.wronglyRefused.push(`${member.person.username} ${answer.raw.slice(0, 120)}`);
    if (answer?.status !== 200) return;
    const { sessionId, tokens } = answer.body;
    member.session = { sessionId, refreshToken: tokens.refresh_token, keycloakSessionId: tokens.session_state };
  }

  async #refresh(member: Member, session: NonNullable<Member["session"]>): Promise<void> {
    const { sessionId, refreshToken } = session;
    const refresh = () => this.#call("refresh", (client) => client.refresh({ sessionId, refreshToken }));
    let answer = await refresh();
    // Its token may be spent, so a client that got no answer asks again, well within the grace.
    for (
      const until = Date.now() + 30_000;
      (answer?.status ?? 503) > 401 && Date.now() < until;
      answer = await refresh()
    )
      await Bun.sleep(randomInt(100, 300));
    if (answer?.status === 200) session.refreshToken = answer.body.tokens.refresh_token;
    if (answer?.status === 401) {
      this.lostSessions.push(`${sessionId} ${answer.raw.slice(0, 120)}`);
      member.session = undefined;
    }
  }

  async #logout(
    member: Member,
    { sessionId, refreshToken, keycloakSessionId }: NonNullable<Member["session"]>,
  ): Promise<void> {
    const answer = await this.#call("logout", (client) => client.logout({ sessionId, refreshToken }));
    // Without an answer the session may have ended all the same: it is left alone from now on.
    member.session = undefined;
    if (answer?.status === 200) this.loggedOut.push({ userId: member.userId, keycloakSessionId });
  }
}
