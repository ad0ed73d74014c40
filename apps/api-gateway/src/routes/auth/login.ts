import { password, problemsOf, text } from "@libs/http";
import type { LoggedIn, LoginProtection } from "@libs/keycloak-authV2/services/sync";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import { type AuthRouteDeps, clientDetails } from "./route-deps.ts";
import { commonProblems, presentUser, tokensSchema, userSchema } from "./schemas.ts";

export type LoginDeps = Pick<AuthRouteDeps, "sync" | "clientAddress" | "limits" | "withinDeadline">;

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

export const loginRoute = ({ sync, clientAddress, limits, withinDeadline }: LoginDeps) =>
  new Elysia({ name: "login" }).post(
    "/login",
    ({ body, request, server }) => {
      const client = clientDetails(request, server, clientAddress);
      const protect: LoginProtection = (work) =>
        withinDeadline(request, () => limits.login(body.username, client.ipAddress, work));
      return sync.login(body, { client, protect, answer: present });
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

/** An answer that does not fit its schema is refused here: further on, nothing could be taken back any more. */
function present({ user, session, tokens }: LoggedIn): z.infer<typeof loggedIn> {
  const answer = { message: "Login successful", user: presentUser(user), tokens, sessionId: session.sessionId };
  const misfit = loggedIn.safeParse(answer).error?.issues.map(({ path }) => path.join("."));
  if (misfit) throw new AuthError("internal.error", { internal: `login: the answer does not fit: ${misfit}` });
  return answer;
}
