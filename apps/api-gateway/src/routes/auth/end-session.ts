import { problemsOf, text } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import type { PersonRouteDeps } from "./route-deps.ts";
import { personProblems } from "./schemas.ts";

export const endSessionRoute = ({ sync, auth, withinDeadline }: PersonRouteDeps) =>
  new Elysia({ name: "end-session" }).use(auth).delete(
    "/sessions/:id",
    async ({ request, params, user }) => {
      await withinDeadline(request, () => sync.endOwnSession(user.id, params.id));
      return { message: "Session ended" };
    },
    {
      auth: true,
      params: z.strictObject({ id: text(1, 128).describe("As `GET /auth/sessions` lists it.") }),
      response: {
        200: z.strictObject({ message: z.string() }),
        ...personProblems,
        ...problemsOf("session.not_found"),
      },
      detail: {
        summary: "End one of my sessions",
        description: "Here at once, in Keycloak as soon as it can be reached. Another person's session is not found.",
        tags: ["people"],
      },
    },
  );
