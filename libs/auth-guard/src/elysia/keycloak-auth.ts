import { Guard } from "../guard/guard.ts";
import { type KeycloakAuthOptions, openGuard } from "../request/open-guard.ts";
import { guardPlugin, type KeycloakAuth } from "./guard-plugin.ts";

/**
 * Guards the routes of a service. What it opens is closed when the last app that uses it stops. Elysia runs the hooks of
 * plugins that an app takes with `.use()`, not of those within `.group()` or `.guard()`.
 * @param options what is left out comes from the environment: `KEYCLOAK_URL`, `KEYCLOAK_REALM`, `KEYCLOAK_CLIENT_ID`,
 *   `KEYCLOAK_ISSUER`, `KEYCLOAK_SIGNING_ALGORITHMS`, `KEYCLOAK_AUTHORIZED_PARTIES`, `DATABASE_URL` (or `DATABASE_URL_FILE`). Or
 *   a guard that {@link openGuard} made, to be closed by its owner.
 * @throws SetupError for a setting that is missing or can't be used; SecretFileError, one of them, for a file
 * @example
 * ```ts
 * import { type KeycloakAuth, keycloakAuth, ownStore } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * type Permission = "orders:read" | "orders:write";
 *
 * export const createApp = (auth: KeycloakAuth<Permission> = keycloakAuth<Permission>()) =>
 *   new Elysia()
 *     .use(auth)
 *     .get("/me", ({ user, session }) => ({ id: user.id, since: session.startedAt }), { auth: true })
 *     .get("/orders", ({ user }) => user.storeId, { permissions: ["orders:read"], store: ownStore })
 *     .get("/prices", () => ({ tea: 450 }), { public: true });
 * ```
 */
export function keycloakAuth<Permission extends string = string>(
  options: KeycloakAuthOptions | Guard = {},
): KeycloakAuth<Permission> {
  if (options instanceof Guard) return guardPlugin<Permission>(options);
  const guard = openGuard(options);
  let apps = 0;
  return guardPlugin<Permission>(guard)
    .onStart(() => {
      apps += 1;
    })
    .onStop(() => {
      apps -= 1;
      if (apps <= 0) void guard.close();
    }) as KeycloakAuth<Permission>;
}
