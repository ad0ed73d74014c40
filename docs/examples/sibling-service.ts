import { keycloakAuth, pathParam } from "@libs/auth-guard";
import { Elysia } from "elysia";

// Reads KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_CLIENT_ID and DATABASE_URL; no Keycloak secret is needed.
export const service = new Elysia()
  .use(keycloakAuth<"orders:read">())
  .get("/prices", () => ({ tea: 450 }), { public: true })
  .get("/me", ({ user, session }) => ({ id: user.id, name: user.username, since: session.startedAt }), { auth: true })
  .get("/stores/:storeId/orders", ({ params }) => ({ ordersOf: params.storeId }), {
    permissions: ["orders:read"],
    store: pathParam("storeId"),
  })
  .delete("/me", ({ user }) => ({ deleted: user.id }), { auth: true, maxAuthAgeSeconds: 300 })
  .listen(process.env.PORT ?? 3200);
