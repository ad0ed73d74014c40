// `bun bench/stand-in-keycloak.ts <users>`: answers like Keycloak's admin API, with pages of users that it makes up.
// Writes its URL to standard output, and runs until it is ended.
import { GeneratedUsers } from "./generated-users.ts";

const SERVICE_ACCOUNT = {
  id: "10000000-0000-4000-8000-000000000000",
  username: "service-account-api-gateway",
  emailVerified: false,
  enabled: true,
  createdTimestamp: 0,
};
const TOKEN_SECONDS = 300;

const users = new GeneratedUsers(Number(process.argv[2] ?? 1_000_000));

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  routes: {
    "/realms/:realm/protocol/openid-connect/token": () => Response.json(newToken()),
    "/admin/realms/:realm/users": ({ url }) => Response.json(list(new URL(url).searchParams)),
    "/admin/realms/:realm/users/": ({ url }) => Response.json(list(new URL(url).searchParams)),
    "/admin/realms/:realm/users/count": ({ url }) => Response.json(count(new URL(url).searchParams)),
    "/admin/realms/:realm/events": () => Response.json([]),
    "/admin/realms/:realm/admin-events": () => Response.json([]),
  },
  fetch: () => Response.json({ error: "Not found" }, { status: 404 }),
});
console.log(server.url.origin);

function list(query: URLSearchParams): object[] {
  const search = query.get("search");
  if (search?.startsWith("id:")) return search.slice(3).split(" ").flatMap(byId);
  // Only the service account's name is ever looked for, and a search leaves that out.
  if (search !== null) return [];
  const { begin, end } = rangeOf(query);
  const first = begin + Number(query.get("first") ?? 0);
  const length = Math.max(0, Math.min(end - first, Number(query.get("max") ?? 100)));
  return Array.from({ length }, (_, index) => users.at(first + index));
}

function byId(id: string): object[] {
  const user = id === SERVICE_ACCOUNT.id ? SERVICE_ACCOUNT : users.find(id);
  return user ? [user] : [];
}

function count(query: URLSearchParams): number {
  const { begin, end } = rangeOf(query);
  return end - begin;
}

function rangeOf(query: URLSearchParams): { begin: number; end: number } {
  const time = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise);
  return users.range(time("createdAfter", 0), time("createdBefore", Number.MAX_SAFE_INTEGER - 1));
}

function newToken(): object {
  const iat = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: SERVICE_ACCOUNT.id, iat, exp: iat + TOKEN_SECONDS };
  const access_token = `${part({ alg: "none" })}.${part(claims)}.`;
  return { access_token, expires_in: TOKEN_SECONDS, token_type: "Bearer" };
}
