import { PrismaClient } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { UserSyncService } from "@libs/keycloak-authV2/services/sync";
import { Elysia, t } from "elysia";
import { Registry } from "prom-client";

const { KEYCLOAK_URL = "", KEYCLOAK_REALM = "", KEYCLOAK_CLIENT_ID = "", KEYCLOAK_CLIENT_SECRET = "" } = process.env;

const prisma = new PrismaClient(); // reads DATABASE_URL
const metrics = new Registry();
const keycloakService = KeycloakIntegrationService.create(
  { url: KEYCLOAK_URL, realm: KEYCLOAK_REALM, clientId: KEYCLOAK_CLIENT_ID, clientSecret: KEYCLOAK_CLIENT_SECRET },
  prisma,
  metrics,
);
const userSyncService = new UserSyncService(keycloakService.userRepository, prisma, metrics); // reads TOKEN_ENCRYPTION_KEYS

export const invitations = new Elysia().post(
  "/invitations",
  async ({ body, status }) => {
    const result = await userSyncService.registerUser({ ...body, emailVerified: false, enabled: true });
    if (!result.success) return status(400, { code: result.error.code, message: result.error.message });
    return status(201, { userId: result.userId });
  },
  {
    body: t.Object({
      username: t.String(),
      email: t.String(),
      password: t.String(),
      firstName: t.String(),
      lastName: t.String(),
    }),
  },
);
