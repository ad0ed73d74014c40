import { expect, test } from "bun:test";
import { AuthClient } from "./support/auth-client.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { useJourney } from "./support/journey.ts";
import { amount } from "./support/long-form.ts";
import { newPerson } from "./support/person.ts";

const journey = useJourney();

test.each(Array.from({ length: amount(1, 20) }, (_, round) => round + 1))(
  "SIGTERM under load: no request is cut, and the process ends with 0 within 10 s (round %d)",
  async () => {
    const { stack, databaseUrl } = journey;
    const gateway = await GatewayProcess.start(
      gatewayEnv({ ...stack, databaseUrl }, { SHUTDOWN_DELAY_MS: "300", LOG_LEVEL: "info" }),
    );
    const client = new AuthClient(gateway.url);
    const person = newPerson();
    await client.register(person);
    const { body } = await client.login(person);
    let refreshToken = body.tokens.refresh_token;
    const { sessionId } = body;

    let stopping = false;
    const outcomes: Record<string, number> = {};
    const count = (outcome: string) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    const call = async (work: () => Promise<{ status: number }>) => {
      try {
        count(String((await work()).status));
        return true;
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        // A server that has closed its port refuses what comes, and resets what waited in the queue before it.
        const neverTaken = stopping && ["ConnectionRefused", "ECONNREFUSED", "ECONNRESET"].includes(code);
        count(neverTaken ? "not taken" : `cut: ${code}`);
        return false;
      }
    };
    const load = [
      ...Array.from({ length: 4 }, async () => {
        while (await call(() => client.register(newPerson())));
      }),
      ...Array.from({ length: 4 }, async () => {
        const refresh = async () => {
          const answer = await client.refresh({ sessionId, refreshToken });
          if (answer.status === 200) refreshToken = answer.body.tokens.refresh_token;
          return answer;
        };
        while (await call(refresh));
      }),
    ];
    while ((outcomes["201"] ?? 0) < 20 || (outcomes["200"] ?? 0) < 20) await Bun.sleep(10);
    stopping = true;
    const stopped = performance.now();
    gateway.signal("SIGTERM");
    expect(await gateway.exited).toBe(0);
    expect(performance.now() - stopped).toBeLessThan(10_000);
    await Promise.all(load);
    expect(Object.keys(outcomes).toSorted()).toEqual(["200", "201", "not taken"]);
    // Every request that the gateway took, it answered: what it counted is what its clients got.
    const taken = gateway.entries().filter(({ msg, route }) => msg === "request" && route !== "/auth/login");
    expect(taken).toHaveLength((outcomes["200"] ?? 0) + (outcomes["201"] ?? 0) + 1);
  },
  60_000,
);
