import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import type { PersonRouteDeps } from "./route-deps.ts";
import { instant, personProblems, presentRegisteredUser, registeredUserSchema } from "./schemas.ts";

const me = z.strictObject({
  user: z.strictObject({ ...registeredUserSchema.shape, lastLoginAt: instant.nullable() }),
  session: z.strictObject({ id: z.string(), startedAt: instant }),
  roles: z
    .array(z.string())
    .describe("Keycloak's: realm roles by name (`:name` where it has a colon), client roles as `client:role`."),
  permissions: z
    .array(
      z.strictObject({ permission: z.string(), storeId: z.string().nullable(), organizationId: z.string().nullable() }),
    )
    .describe("The application's own roles, and their scope: both null means everywhere."),
});

export const meRoute = ({ sync, auth, withinDeadline }: PersonRouteDeps) =>
  new Elysia({ name: "me" }).use(auth).get(
    "/me",
    ({ request, user, session }) =>
      withinDeadline(request, async () => {
        const row = await sync.findUser(user.id);
        if (!row) throw new AuthError("session.invalid");
        return {
          user: { ...presentRegisteredUser(row), lastLoginAt: row.lastLoginAt?.toISOString() ?? null },
          session: { id: session.id, startedAt: session.startedAt.toISOString() },
          roles: [...user.roles].toSorted(),
          permissions: user.grants.map(({ permission, storeId, organizationId }) => {
            return { permission, storeId, organizationId };
          }),
        };
      }),
    {
      auth: true,
      response: { 200: me, ...personProblems },
      detail: {
        summary: "Who I am",
        description: "The user, this session, and what the user may do.",
        tags: ["people"],
      },
    },
  );
