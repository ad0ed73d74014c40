import { Elysia } from "elysia";
import { backchannelLogoutRoute } from "./auth/backchannel-logout.ts";
import { loginRoute } from "./auth/login.ts";
import { logoutRoute } from "./auth/logout.ts";
import { refreshRoute } from "./auth/refresh.ts";
import { registerRoute } from "./auth/register.ts";
import type { AuthRouteDeps } from "./auth/route-deps.ts";

/** The four calls for frontends, and the one for Keycloak. */
export const authRoutes = (deps: AuthRouteDeps) =>
  new Elysia({ name: "auth", prefix: "/auth" })
    .use(registerRoute(deps))
    .use(loginRoute(deps))
    .use(refreshRoute(deps))
    .use(logoutRoute(deps))
    .use(backchannelLogoutRoute(deps));
