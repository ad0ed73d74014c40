import type { TestStack } from "@libs/dev-stack";
import { AuthClient, type LoggedIn } from "./auth-client.ts";
import { GatewayProcess, gatewayEnv, ordersEnv } from "./gateway-process.ts";
import { newPerson } from "./person.ts";

/** Somebody who is logged in at a fleet. */
export interface Visitor {
  userId: string;
  session: LoggedIn;
  /** Of the replica that they logged in at. */
  client: AuthClient;
  bearer: AuthClient;
}

/** Replicas of the gateway and of the orders service, as processes of their own. */
export class Fleet {
  private constructor(
    readonly gateways: readonly GatewayProcess[],
    readonly orders: readonly GatewayProcess[],
  ) {}

  /** A guarded route of each replica. */
  get guardedUrls(): string[] {
    return [...this.gateways.map(({ url }) => `${url}/auth/me`), ...this.orders.map(({ url }) => `${url}/orders`)];
  }

  /**
   * @param stack with Keycloak and the database as the replicas are to reach them
   * @param replicasEach of each service
   */
  static async start(stack: TestStack, replicasEach = 3): Promise<Fleet> {
    const start = (env: Record<string, string>, app: string) =>
      Promise.all(Array.from({ length: replicasEach }, () => GatewayProcess.start(env, app)));
    const [gateways, orders] = await Promise.all([
      start(gatewayEnv(stack, { LOG_LEVEL: "info" }), "api-gateway"),
      start(ordersEnv(stack, { LOG_LEVEL: "info" }), "orders"),
    ]);
    return new Fleet(gateways, orders);
  }

  /** @returns the value of `guard_channel_up` of each replica */
  channels(): Promise<(string | undefined)[]> {
    const of = async (replica: GatewayProcess) => /^guard_channel_up (\d)$/m.exec(await replica.metrics())?.[1];
    return Promise.all([...this.gateways, ...this.orders].map(of));
  }

  /** Registers somebody and logs them in. */
  async welcome(): Promise<Visitor> {
    const url = this.gateways[0]?.url ?? "";
    const client = new AuthClient(url);
    const person = newPerson();
    const registered = await client.register(person);
    if (registered.status !== 201) throw new Error(registered.raw);
    const { status, body, raw } = await client.login(person);
    if (status !== 200) throw new Error(raw);
    const bearer = new AuthClient(url, { authorization: `Bearer ${body.tokens.access_token}` });
    return { userId: body.user.id, session: body, client, bearer };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.gateways, ...this.orders].map((replica) => replica.stop()));
  }
}

/** The status of a guarded route for a bearer of this token. */
export async function statusFor(token: string, url: string): Promise<number> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return answer.status;
}
