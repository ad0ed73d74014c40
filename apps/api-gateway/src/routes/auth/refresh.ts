import { problemsOf, secret, text } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import { type AuthRouteDeps, clientDetails } from "./route-deps.ts";
import { commonProblems, tokensSchema } from "./schemas.ts";

export type RefreshDeps = Pick<AuthRouteDeps, "sync" | "clientAddress" | "limits" | "withinDeadline">;

export const refreshRoute = ({ sync, clientAddress, limits, withinDeadline }: RefreshDeps) =>
  new Elysia({ name: "refresh" }).post(
    "/refresh",
    async ({ body, request, server }) => {
      const client = clientDetails(request, server, clientAddress);
      const tokens = await withinDeadline(request, () =>
        limits.refresh(body.sessionId, client.ipAddress, () => sync.refreshSession(body, client)),
      );
      return { tokens };
    },
    {
      body: z.strictObject({ refreshToken: secret(8000), sessionId: text(1, 128) }),
      response: {
        200: z.strictObject({ tokens: tokensSchema }),
        ...commonProblems,
        ...problemsOf("session.invalid", "rate.limited"),
      },
      detail: {
        summary: "Refresh a session's tokens",
        description:
          "Safe to call from several tabs at once, and to retry: a token replaced moments ago gets its successor's response.",
        tags: ["auth"],
      },
    },
  );
