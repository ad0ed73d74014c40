// keycloak-connect on Express, as its documentation has it. Plain JavaScript: it runs on Node.js, too.
import express from "express";
import Keycloak from "keycloak-connect";
import { orderPage } from "./order-page.mjs";

const { KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_CLIENT_ID, REALM_PUBLIC_KEY } = process.env;

const keycloak = new Keycloak(
  {},
  {
    "auth-server-url": KEYCLOAK_URL,
    realm: KEYCLOAK_REALM,
    resource: KEYCLOAK_CLIENT_ID,
    "bearer-only": true,
    "verify-token-audience": true,
    ...(REALM_PUBLIC_KEY && { "realm-public-key": REALM_PUBLIC_KEY }),
  },
);
const app = express();
const handler = (_request, response) => response.json(orderPage);
app.get("/open", handler);
app.use(keycloak.middleware());
app.get("/orders", keycloak.protect(), handler);
const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
