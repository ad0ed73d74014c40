import { SetupError } from "@libs/problems";
import { Elysia, type ElysiaCustomStatusResponse } from "elysia";
import type { Guard } from "../guard/guard.ts";
import type { GuardSession, GuardUser } from "../guard/guard-user.ts";
import type { GuardProblem } from "../request/guard-response.ts";
import { addToGuard, type CompiledGuard, givenGuard, type RouteGuard, type TakeScope } from "../request/route-guard.ts";
import { describeGuard } from "./describe-guard.ts";
import { guardFirst } from "./guard-first.ts";
import { PUBLIC } from "./guards-of.ts";
import { installCheck } from "./install-check.ts";
import { requestTarget } from "./request-target.ts";

type Refusal = ElysiaCustomStatusResponse<401, GuardProblem, 401> | ElysiaCustomStatusResponse<403, GuardProblem, 403>;

/** What a guarded route's handler gets, and what its callers may be answered. */
interface Guarded {
  resolve: (context: object) => Promise<{ user: GuardUser; session: GuardSession } | Refusal>;
}

/** The keys that a guarded service's routes may carry. */
type GuardKeys<Permission extends string> = {
  /** `true`: a person with a live session. Or all that the route asks, in one object. */
  auth: (value: true | RouteGuard<Permission>) => Guarded;
  roles: (value: readonly string[]) => Guarded;
  permissions: (value: readonly Permission[]) => Guarded;
  store: (value: TakeScope) => Guarded;
  organization: (value: TakeScope) => Guarded;
  maxAuthAgeSeconds: (value: number) => Guarded;
  serviceAccounts: (value: true) => Guarded;
  /** Anybody may call this route. */
  public: (value: true) => object;
};

/**
 * The plugin over a guard. Its keys all add to the one guard of the route that they stand at; a route without any of
 * them is left alone.
 */
export function guardPlugin<Permission extends string = string>(guard: Guard) {
  const installed = new WeakMap<object, CompiledGuard>();
  const key = (toAdded: (value: never) => RouteGuard) => (value: never) => ({
    introspect(hooks: object) {
      const rules = installed.get(hooks) ?? installCheck(guard, hooks);
      installed.set(hooks, rules);
      addToGuard(rules, toAdded(value));
      describeGuard(hooks, rules);
    },
  });
  const keys = {
    auth: key(givenGuard),
    roles: key((roles: string[]) => ({ roles })),
    permissions: key((permissions: string[]) => ({ permissions })),
    store: key((store: TakeScope) => ({ store })),
    organization: key((organization: TakeScope) => ({ organization })),
    maxAuthAgeSeconds: key((maxAuthAgeSeconds: number) => ({ maxAuthAgeSeconds })),
    serviceAccounts: key((serviceAccounts: boolean) => ({ serviceAccounts })),
    public: (value: unknown) => ({
      introspect(hooks: { [PUBLIC]?: boolean }) {
        if (value !== true) throw new SetupError("guard.invalid", "public: true, or leave it out");
        hooks[PUBLIC] = true;
      },
    }),
  };
  // Elysia reads the types of what a handler gets from `resolve`; the check itself runs earlier, before the body is read.
  return new Elysia({ name: "keycloak-auth", seed: guard.id })
    .use(requestTarget())
    .onStart((app) => {
      try {
        guardFirst(app);
      } catch (error) {
        // The port is open by now, and the route would be served without a guard.
        void app.server?.stop(true);
        throw error;
      }
    })
    .macro(keys as unknown as GuardKeys<Permission>);
}

/**
 * The plugin that {@link keycloakAuth} makes: for a function that takes either it or the plugin of the test kit.
 * @see {@link keycloakAuth}
 */
export type KeycloakAuth<Permission extends string = string> = ReturnType<typeof guardPlugin<Permission>>;
