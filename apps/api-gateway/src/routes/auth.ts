import { Elysia } from "elysia";
import { activityRoute } from "./auth/activity.ts";
import { backchannelLogoutRoute } from "./auth/backchannel-logout.ts";
import { endSessionRoute } from "./auth/end-session.ts";
import { loginRoute } from "./auth/login.ts";
import { logoutRoute } from "./auth/logout.ts";
import { logoutAllRoute } from "./auth/logout-all.ts";
import { meRoute } from "./auth/me.ts";
import { refreshRoute } from "./auth/refresh.ts";
import { registerRoute } from "./auth/register.ts";
import type { AuthRouteDeps } from "./auth/route-deps.ts";
import { sessionsRoute } from "./auth/sessions.ts";

/** The four calls for frontends, the one for Keycloak, and those that people make about themselves. */
export const authRoutes = (deps: AuthRouteDeps) =>
  new Elysia({ name: "auth", prefix: "/auth" })
    .use(registerRoute(deps))
    .use(loginRoute(deps))
    .use(refreshRoute(deps))
    .use(logoutRoute(deps))
    .use(backchannelLogoutRoute(deps))
    .use(meRoute(deps))
    .use(sessionsRoute(deps))
    .use(endSessionRoute(deps))
    .use(logoutAllRoute(deps))
    .use(activityRoute(deps));
