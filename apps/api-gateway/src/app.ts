import { guardFirst } from "@libs/auth-guard";
import {
  type CheckReadiness,
  openApi,
  opsRoutes,
  type RouteTable,
  serveOptions,
  serviceBase,
  withinDeadline,
} from "@libs/http";
import type { Logger, Registry } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import { Elysia } from "elysia";
import { version } from "../package.json";
import type { ClientAddress } from "./http/client-address.ts";
import { backchannelLogoutPath } from "./routes/auth/backchannel-logout.ts";
import { describeRegistration } from "./routes/auth/describe-registration.ts";
import type { AuthRouteDeps } from "./routes/auth/route-deps.ts";
import { authRoutes } from "./routes/auth.ts";

export interface AppDeps {
  integration: AuthRouteDeps["integration"];
  sync: AuthRouteDeps["sync"];
  /** Left out: the gateway learns nothing from Keycloak's back channel. */
  feed?: AuthRouteDeps["feed"];
  /** Guards the routes for people. */
  auth: AuthRouteDeps["auth"];
  clientAddress: ClientAddress;
  limits: AuthRouteDeps["limits"];
  readiness: CheckReadiness;
  registry: Registry;
  logger: Logger;
  /** Browsers of these origins may call the gateway. */
  corsOrigins: string[];
  metricsToken: Secret | undefined;
  /** The longest that one request may take. Milliseconds. */
  requestTimeoutMs: number;
  isStopping: () => boolean;
  /** A request failed in a way that an operator has to mend. */
  onOperatorsFault?: () => void;
}

/** Wires the gateway's routes and cross-cutting plugins; reads no environment and does not listen. */
export function createApp(deps: AppDeps) {
  const formPaths = [backchannelLogoutPath];
  const routes: RouteTable = { current: [] };
  const app = new Elysia({ name: "api-gateway", normalize: false, serve: serveOptions(deps.logger) })
    .use(serviceBase({ ...deps, routes, formPaths }))
    .use(
      openApi({
        title: "Auth gateway",
        version,
        formPaths,
        amend: async (document) =>
          describeRegistration(document, "/auth/register", await deps.sync.realmProfile.current()),
        description: "Register, log in, refresh, log out: Keycloak and the application's database in step.",
        tags: [
          { name: "auth", description: "For frontends." },
          { name: "people", description: "For people, about themselves." },
          { name: "keycloak", description: "For Keycloak." },
          { name: "operations", description: "For operators." },
        ],
      }),
    )
    .use(opsRoutes(deps))
    .use(authRoutes({ ...deps, withinDeadline: withinDeadline(deps.requestTimeoutMs) }));
  routes.current = app.routes;
  return guardFirst(app);
}

export type App = ReturnType<typeof createApp>;
