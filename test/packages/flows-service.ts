// The README's and the guide's flows in one process, for packages.test.ts; beside it lie `own-flows.ts` and `auth-app.ts`.
import { Elysia } from "elysia";
import { invitations } from "../../docs/examples/own-flows.ts";
import { createGuideApp, createGuideServices } from "../guide/auth-app.ts";

const {
  KEYCLOAK_URL: url = "",
  KEYCLOAK_REALM: realm = "",
  KEYCLOAK_CLIENT_ID: clientId = "",
  KEYCLOAK_CLIENT_SECRET: clientSecret = "",
} = process.env;

new Elysia()
  .use(invitations)
  .use(createGuideApp(createGuideServices({ url, realm, clientId, clientSecret })))
  .listen({ port: Number(process.env.PORT), hostname: "127.0.0.1" });
