import { randomBytes } from "node:crypto";
import type { TestStack } from "@libs/dev-stack";
import type { Call } from "./load.ts";

export interface Account {
  username: string;
  password: string;
}

export type Flow = "login" | "register" | "refresh";

/** The same work done through the gateway, or by Keycloak alone. */
export interface Side {
  prepare(workers: number): Promise<void>;
  calls: Record<Flow, Call>;
}

export function newAccount() {
  const id = randomBytes(8).toString("hex");
  return {
    username: `bench-${id}`,
    email: `bench-${id}@example.com`,
    password: `Bench-${id}`,
    firstName: "Bench",
    lastName: "Mark",
  };
}

async function succeed(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
  return text === "" ? {} : JSON.parse(text);
}

/** Takes the accounts in turn, so that no user is hot. */
function inTurn(accounts: Account[]): () => Account {
  let next = 0;
  return () => accounts[next++ % accounts.length] as Account;
}

export function gatewaySide(url: string, accounts: Account[]): Side {
  const post = async (path: string, body: unknown) =>
    succeed(
      await fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  const account = inTurn(accounts);
  const sessions: { sessionId: string; refreshToken: string }[] = [];
  const login = () => {
    const { username, password } = account();
    return post("/auth/login", { username, password });
  };
  return {
    prepare: async (workers) => {
      for (let i = sessions.length; i < workers; i++) {
        const { sessionId, tokens } = (await login()) as { sessionId: string; tokens: { refresh_token: string } };
        sessions.push({ sessionId, refreshToken: tokens.refresh_token });
      }
    },
    calls: {
      login: async () => void (await login()),
      register: async () => void (await post("/auth/register", newAccount())),
      refresh: async (worker) => {
        const session = sessions[worker] as { sessionId: string; refreshToken: string };
        const { tokens } = (await post("/auth/refresh", session)) as { tokens: { refresh_token: string } };
        session.refreshToken = tokens.refresh_token;
      },
    },
  };
}

/** Keycloak as the naive way calls it: the same grants and the same user creation, and nothing stored anywhere else. */
export function keycloakSide(stack: TestStack, accounts: Account[]): Side {
  const { clientId: client_id, clientSecret: client_secret } = stack;
  const tokenUrl = `${stack.keycloakUrl}/realms/${stack.realm}/protocol/openid-connect/token`;
  const grant = async (form: Record<string, string>) =>
    succeed(
      await fetch(tokenUrl, {
        method: "POST",
        body: new URLSearchParams({ client_id, client_secret, scope: "openid", ...form }),
      }),
    ) as Promise<{ access_token: string; refresh_token: string }>;
  const account = inTurn(accounts);
  const login = () => grant({ grant_type: "password", ...account() });
  const refreshTokens: string[] = [];
  let adminToken = "";
  return {
    prepare: async (workers) => {
      adminToken = (await grant({ grant_type: "client_credentials" })).access_token;
      for (let i = refreshTokens.length; i < workers; i++) refreshTokens.push((await login()).refresh_token);
    },
    calls: {
      login: async () => void (await login()),
      register: async () => {
        const { password, ...profile } = newAccount();
        const response = await fetch(`${stack.keycloakUrl}/admin/realms/${stack.realm}/users`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${adminToken}` },
          body: JSON.stringify({
            ...profile,
            enabled: true,
            emailVerified: false,
            credentials: [{ type: "password", value: password, temporary: false }],
          }),
        });
        await succeed(response);
      },
      refresh: async (worker) => {
        const refresh_token = refreshTokens[worker] ?? "";
        refreshTokens[worker] = (await grant({ grant_type: "refresh_token", refresh_token })).refresh_token;
      },
    },
  };
}
