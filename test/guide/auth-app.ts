// The integration guide's snippets, on Elysia handlers. What the guide leaves open (where options come from) is given by
// the environment. Compiled by `bun run types`, run by guide.test.ts.
import { PrismaClient } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { UserSyncService } from "@libs/keycloak-authV2/services/sync";
import { Elysia, t } from "elysia";
import { Registry } from "prom-client";

const generateSessionId = () => crypto.randomUUID();

export interface GuideOptions {
  url: string;
  realm: string;
  clientId: string;
  clientSecret: string;
}

export function createGuideServices(keycloakOptions: GuideOptions) {
  const metrics = new Registry();
  // Initialize services
  const prisma = new PrismaClient();
  const keycloakService = KeycloakIntegrationService.create(keycloakOptions, prisma, metrics);
  const userSyncService = new UserSyncService(
    keycloakService.userRepository, // Access to Keycloak user operations
    prisma,
    metrics,
  );
  return { prisma, keycloakService, userSyncService };
}

const credentials = t.Object({ username: t.String(), password: t.String(), storeId: t.Optional(t.String()) });
const registration = t.Object({
  ...credentials.properties,
  email: t.String(),
  firstName: t.String(),
  lastName: t.String(),
});
const held = t.Object({ sessionId: t.String(), refreshToken: t.String() });

export function createGuideApp({ keycloakService, userSyncService }: ReturnType<typeof createGuideServices>) {
  return (
    new Elysia()
      // Registration endpoint
      .post(
        "/auth/register",
        async ({ body, status }) => {
          const { username, email, password, firstName, lastName, storeId } = body;
          try {
            // Register user (creates in both Keycloak + local DB)
            const result = await userSyncService.registerUser({
              username,
              email,
              password,
              firstName,
              lastName,
              storeId,
              emailVerified: false,
              enabled: true,
            });

            if (!result.success) {
              return status(400, { error: result.error });
            }

            return status(201, {
              message: "User registered successfully",
              userId: result.userId,
              user: result.localUser,
            });
          } catch (error) {
            console.error("Registration failed:", error);
            return status(500, { error: "Registration failed" });
          }
        },
        { body: registration },
      )
      // Login endpoint
      .post(
        "/auth/login",
        async ({ body, request, server, status }) => {
          const { username, password } = body;
          const ip = server?.requestIP(request)?.address;
          const userAgent = request.headers.get("user-agent") ?? undefined;
          try {
            // Step 1: Authenticate with Keycloak
            const authResult = await keycloakService.authenticateWithPassword(username, password, {
              ipAddress: ip,
              userAgent: userAgent,
              sessionId: generateSessionId(), // Your session ID generator
            });

            if (!authResult.success || !authResult.tokens) {
              return status(401, { error: "Invalid credentials" });
            }

            // Step 2: Sync user and create local session
            const { user, session } = await userSyncService.syncOnAuthentication({
              keycloakUserId: authResult.userId,
              email: authResult.email,
              username: authResult.username,
              firstName: authResult.firstName,
              lastName: authResult.lastName,
              emailVerified: authResult.emailVerified,
              storeId: body.storeId, // If applicable
              sessionData: {
                sessionId: authResult.sessionId,
                keycloakSessionId: authResult.tokens.session_state,
                accessToken: authResult.tokens.access_token,
                refreshToken: authResult.tokens.refresh_token,
                idToken: authResult.tokens.id_token,
                tokenExpiresAt: new Date(Date.now() + authResult.tokens.expires_in * 1000),
                refreshExpiresAt: new Date(Date.now() + authResult.tokens.refresh_expires_in * 1000),
                ipAddress: ip,
                userAgent: userAgent,
              },
            });

            return status(200, {
              message: "Login successful",
              user: {
                id: user.id,
                email: user.email,
                username: user.username,
                firstName: user.firstName,
                lastName: user.lastName,
              },
              tokens: authResult.tokens,
              sessionId: session.sessionId,
            });
          } catch (error) {
            console.error("Login failed:", error);
            return status(500, { error: "Login failed" });
          }
        },
        { body: credentials },
      )
      .post(
        "/auth/refresh",
        async ({ body, status }) => {
          const { refreshToken, sessionId } = body;
          try {
            // Refresh tokens with Keycloak
            const newTokens = await keycloakService.refreshToken(refreshToken);

            // Update local session with new tokens
            await userSyncService.updateSessionTokens(sessionId, {
              accessToken: newTokens.access_token,
              refreshToken: newTokens.refresh_token,
              idToken: newTokens.id_token,
              tokenExpiresAt: new Date(Date.now() + newTokens.expires_in * 1000),
              refreshExpiresAt: new Date(Date.now() + newTokens.refresh_expires_in * 1000),
            });

            return status(200, { tokens: newTokens });
          } catch (error) {
            console.error("Token refresh failed:", error);
            return status(401, { error: "Token refresh failed" });
          }
        },
        { body: held },
      )
      .post(
        "/auth/logout",
        async ({ body, status }) => {
          const { sessionId, refreshToken } = body;
          try {
            // Logout from Keycloak
            await keycloakService.logout(refreshToken);

            // End local session
            await userSyncService.endSession(sessionId);

            return status(200, { message: "Logged out successfully" });
          } catch (error) {
            console.error("Logout failed:", error);
            return status(500, { error: "Logout failed" });
          }
        },
        { body: held },
      )
  );
}

/** The guide's migration of users that exist in Keycloak already. */
export async function migrateExistingUsers({
  keycloakService,
  userSyncService,
}: ReturnType<typeof createGuideServices>) {
  const keycloakUserRepository = keycloakService.userRepository;
  // Get all Keycloak users
  const keycloakUsers = await keycloakUserRepository.searchUsers({
    max: 1000, // Adjust based on your needs
  });

  const userIds = keycloakUsers.map((user) => user.id);

  // Bulk sync
  return await userSyncService.bulkSyncUsers(userIds);
}
