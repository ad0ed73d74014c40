import type { TestStack } from "@libs/dev-stack";

/** Raw calls of Keycloak's admin API, for what its client library has no method for. */
export interface AdminCalls {
  /** @param path below the realm, such as `/users`; @throws Error for an answer other than 2xx */
  call<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body>;
}

/** Half of the shortest life that Keycloak gives an administrator's token. */
const TOKEN_AGE_MS = 30_000;
let token: { value: Promise<string>; until: number } | undefined;

/** As the administrator of `master`, in one realm; an empty name is the realms themselves. */
export function adminCalls(stack: TestStack, realm: string): AdminCalls {
  return {
    async call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
      if (!token || token.until < Date.now()) token = { value: adminToken(stack), until: Date.now() + TOKEN_AGE_MS };
      const answer = await fetch(`${stack.keycloakUrl}/admin/realms${realm && `/${realm}`}${path}`, {
        method,
        headers: { authorization: `Bearer ${await token.value}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : {}) as Body;
    },
  };
}

async function adminToken({ keycloakUrl, keycloakAdmin }: TestStack): Promise<string> {
  const answer = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", ...keycloakAdmin }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
