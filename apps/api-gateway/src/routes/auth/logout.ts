import { problemsOf, secret, text } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import type { AuthRouteDeps } from "./route-deps.ts";
import { commonProblems } from "./schemas.ts";

export type LogoutDeps = Pick<AuthRouteDeps, "sync" | "withinDeadline">;

export const logoutRoute = ({ sync, withinDeadline }: LogoutDeps) =>
  new Elysia({ name: "logout" }).post(
    "/logout",
    async ({ body, request }) => {
      await withinDeadline(request, () => sync.logoutSession(body));
      return { message: "Logged out successfully" };
    },
    {
      body: z.strictObject({ sessionId: text(1, 128), refreshToken: secret(8000) }),
      response: {
        200: z.strictObject({ message: z.string() }),
        ...commonProblems,
        ...problemsOf("session.invalid"),
      },
      detail: {
        summary: "Log out",
        description:
          "Ends the session here, and in Keycloak as soon as it can be reached. Idempotent: repeat it when it answers 5xx.",
        tags: ["auth"],
      },
    },
  );
