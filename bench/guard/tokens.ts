import { createPublicKey, randomUUID } from "node:crypto";
import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { AuthClient } from "../../test/support/auth-client.ts";
import { GatewayProcess, gatewayEnv } from "../../test/support/gateway-process.ts";
import { newPerson } from "../../test/support/person.ts";
import { realmAdmin } from "../../test/support/realm-admin.ts";
import { RealmKey } from "../../test/support/realm-key.ts";

/** Longer than the benchmark takes; Keycloak's own live for five minutes. */
const lifeSeconds = 2 * 60 * 60;

/**
 * Access tokens of people with live sessions. Made of those that Keycloak issued, with another id and a longer life, and
 * signed with a key that the realm publishes: thousands a minute, where Keycloak issues a hundred.
 */
export class Tokens {
  private constructor(
    /** As Keycloak issued them. */
    readonly issued: readonly string[],
    private readonly key: RealmKey,
    private readonly sql: SQL,
  ) {}

  /** Logs people in through a gateway, which is gone afterwards. */
  static async create(stack: TestStack, people: number): Promise<Tokens> {
    const gateway = await GatewayProcess.start(gatewayEnv(stack));
    const client = new AuthClient(gateway.url);
    const issued: string[] = [];
    for (let i = 0; i < people; i++) {
      const person = newPerson();
      await client.register(person);
      const { status, body, raw } = await client.login(person);
      if (status !== 200) throw new Error(raw);
      issued.push(body.tokens.access_token);
    }
    await gateway.stop();
    const key = await RealmKey.add(stack, await realmAdmin(stack));
    return new Tokens(issued, key, new SQL(stack.databaseUrl, { max: 1 }));
  }

  /** Another token of each session in turn, as a refresh brings it. */
  ofKnownSessions(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, i) => this.#sign(i, {})));
  }

  /** Tokens of sessions that no guard has heard of, as a login brings them. */
  async ofNewSessions(count: number): Promise<string[]> {
    const sids = Array.from({ length: count }, () => randomUUID());
    const { sid } = decodeJwt(this.issued[0] ?? "");
    const sessions = sids.map((keycloak_session_id) => ({ session_id: randomUUID(), keycloak_session_id }));
    await this.sql`
      INSERT INTO sessions
      SELECT (jsonb_populate_record(s, added)).* FROM sessions s, jsonb_array_elements(${sessions}::jsonb) added
      WHERE s.keycloak_session_id = ${sid}`;
    return Promise.all(sids.map((sid) => this.#sign(0, { sid })));
  }

  /** The key that signs them, as `keycloak.json` takes it. */
  async publicKey(issuer: string): Promise<string> {
    const [token = ""] = await this.ofKnownSessions(1);
    const answer = await fetch(`${issuer}/protocol/openid-connect/certs`);
    const { keys } = (await answer.json()) as { keys: { kid: string }[] };
    const key = keys.find(({ kid }) => kid === decodeProtectedHeader(token).kid) as object;
    return createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "der" }).toString("base64");
  }

  async close(): Promise<void> {
    await this.sql.close();
  }

  #sign(index: number, changes: object): Promise<string> {
    const claims = decodeJwt(this.issued[index % this.issued.length] ?? "");
    const exp = Math.floor(Date.now() / 1000) + lifeSeconds;
    return this.key.sign({ ...claims, exp, jti: randomUUID(), ...changes }, { typ: "JWT" });
  }
}
