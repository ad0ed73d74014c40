import { expect } from "bun:test";
import { AuthClient, type LoggedIn } from "./auth-client.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { newPerson } from "./person.ts";

/** Gateway and a guarded service, which share a database. */
export interface TwoServices {
  gateway: GatewayProcess;
  orders: GatewayProcess;
}

/** Registers somebody and logs in; the token must open both services. */
export async function logInAtBoth({ gateway, orders }: TwoServices): Promise<LoggedIn> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  const registered = await client.register(person);
  expect({ status: registered.status, raw: registered.raw }).toMatchObject({ status: 201 });
  const login = await client.login(person);
  expect({ status: login.status, code: login.body }).toMatchObject({ status: 200 });
  const loggedIn = login.body as LoggedIn;
  await expectAccepted({ gateway, orders }, loggedIn.tokens.access_token);
  return loggedIn;
}

/** The token opens what needs a person, at the gateway and at the other service. */
export async function expectAccepted({ gateway, orders }: TwoServices, token: string): Promise<void> {
  for (const url of [`${gateway.url}/auth/me`, `${orders.url}/orders`]) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect({ url, status: answer.status, body: await answer.text() }).toMatchObject({ status: 200 });
  }
}

/** Register, log in, call both services, refresh, call them again, log out, be refused. */
export async function wholeJourney(services: TwoServices): Promise<void> {
  const { sessionId, tokens } = await logInAtBoth(services);
  const client = new AuthClient(services.gateway.url);
  const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
  const { access_token, refresh_token } = (refreshed.body as { tokens: LoggedIn["tokens"] }).tokens;
  await expectAccepted(services, access_token);
  expect((await client.logout({ sessionId, refreshToken: refresh_token })).status).toBe(200);
  const refused = await fetch(`${services.gateway.url}/auth/me`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  expect(refused.status).toBe(401);
}
