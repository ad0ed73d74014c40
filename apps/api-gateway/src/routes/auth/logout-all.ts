import { Elysia } from "elysia";
import { z } from "zod";
import type { PersonRouteDeps } from "./route-deps.ts";
import { personProblems } from "./schemas.ts";

const loggedOut = z.strictObject({
  message: z.string(),
  ended: z.int().describe("Sessions that were live here."),
  complete: z
    .boolean()
    .describe(
      "False if Keycloak could not be asked for sessions that only it knows: log in and repeat, if there are any.",
    ),
});

export const logoutAllRoute = ({ sync, auth, withinDeadline }: PersonRouteDeps) =>
  new Elysia({ name: "logout-all" }).use(auth).post(
    "/logout-all",
    async ({ request, user }) => {
      const { ended, complete } = await withinDeadline(request, () => sync.logoutPerson(user.id));
      return { message: "Logged out everywhere", ended, complete };
    },
    {
      auth: true,
      response: { 200: loggedOut, ...personProblems },
      detail: {
        summary: "Log out everywhere",
        description: "Ends all sessions, this one too: here at once, in Keycloak as soon as it can be reached.",
        tags: ["people"],
      },
    },
  );
