import { password, problemsOf, text } from "@libs/http";
import { authenticationInput } from "@libs/keycloak-authV2/services/sync";
import { type OnDone, takeBackOnFailure } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import { type AuthRouteDeps, clientDetails } from "./route-deps.ts";
import { commonProblems, presentUser, tokensSchema, userSchema } from "./schemas.ts";

export type LoginDeps = Pick<AuthRouteDeps, "integration" | "sync" | "clientAddress" | "limits" | "withinDeadline">;

const body = z.strictObject({
  username: text(1, 255).describe("Username or email."),
  password,
  otp: text(1, 16).optional().describe("One-time password, where the user has one configured."),
  storeId: text(1, 64).optional().describe("Used only if the user has no store yet."),
});

const loggedIn = z.strictObject({
  message: z.string(),
  user: userSchema,
  tokens: tokensSchema,
  sessionId: z.string(),
});

export const loginRoute = (deps: LoginDeps) =>
  new Elysia({ name: "login" }).post(
    "/login",
    ({ body, request, server }) => {
      deps.integration.assertRoom();
      const client = clientDetails(request, server, deps.clientAddress);
      return takeBackOnFailure(async (onDone) => {
        const answer = await deps.withinDeadline(request, () =>
          deps.limits.login(body.username, client.ipAddress, () => login(deps, body, client, onDone)),
        );
        return presentable(answer);
      });
    },
    {
      body,
      response: {
        200: loggedIn,
        ...commonProblems,
        ...problemsOf(
          "auth.invalid_credentials",
          "auth.action_required",
          "auth.denied",
          "auth.session_limit",
          "rate.limited",
        ),
      },
      detail: {
        summary: "Log in",
        description:
          "A wrong password, an unknown user, a locked account and a disabled account all get the same 401. 403 if Keycloak " +
          "requires an action first, or the realm's login flow denies the login. The gateway never retries a login.",
        tags: ["auth"],
      },
    },
  );

/** An answer that does not fit its schema is refused further on, when nothing can be taken back any more. */
function presentable(answer: z.infer<typeof loggedIn>): z.infer<typeof loggedIn> {
  const misfit = loggedIn.safeParse(answer).error?.issues.map(({ path }) => path.join("."));
  if (misfit) throw new AuthError("internal.error", { internal: `login: the answer does not fit: ${misfit}` });
  return answer;
}

/** @param onDone takes how the login is undone, should its caller get no answer after all */
async function login(
  { integration, sync }: LoginDeps,
  { username, password, otp, storeId }: z.infer<typeof body>,
  client: ReturnType<typeof clientDetails>,
  onDone: OnDone,
): Promise<z.infer<typeof loggedIn>> {
  await sync.checkReferences({ storeId });
  const login = await integration.authenticateWithPassword(username, password, { ...client, otp });
  if (!login.success) {
    sync.noteFailedLogin(username, login.error.code, client);
    throw login.error;
  }
  const { user, session } = await sync.syncOnAuthentication(authenticationInput(login, { ...client, storeId }));
  onDone(() => sync.undoLogin(session));
  return { message: "Login successful", user: presentUser(user), tokens: login.tokens, sessionId: session.sessionId };
}
