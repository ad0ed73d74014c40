import { idempotencyKeyParameter, problemsOf, readIdempotencyKey } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import { registerBody } from "./register-body.ts";
import { type AuthRouteDeps, clientDetails } from "./route-deps.ts";
import { commonProblems, presentRegisteredUser, registeredUserSchema } from "./schemas.ts";

export type RegisterDeps = Pick<AuthRouteDeps, "integration" | "sync" | "clientAddress" | "limits" | "withinDeadline">;

const registered = z.strictObject({ message: z.string(), userId: z.string(), user: registeredUserSchema });

export const registerRoute = ({ integration, sync, clientAddress, limits, withinDeadline }: RegisterDeps) =>
  new Elysia({ name: "register" }).post(
    "/register",
    async ({ body, request, server, status }) => {
      const idempotencyKey = readIdempotencyKey(request);
      integration.assertRoom();
      const result = await withinDeadline(request, () =>
        limits.register(body.email ?? body.username ?? "", clientAddress(request, server), async () => {
          const outcome = await sync.registerUser(body, {
            idempotencyKey,
            client: clientDetails(request, server, clientAddress),
          });
          if (!outcome.success) throw outcome.error;
          return outcome;
        }),
      );
      return status(201, {
        message: "User registered successfully",
        userId: result.userId,
        user: presentRegisteredUser(result.localUser),
      });
    },
    {
      body: registerBody,
      response: {
        201: registered,
        ...commonProblems,
        ...problemsOf("registration.username_taken", "registration.undone", "idempotency.key_reused", "rate.limited"),
      },
      detail: {
        summary: "Register a user",
        description:
          "Creates the user in Keycloak and in the application's database, or in neither. The realm's user profile decides which fields are required.",
        tags: ["auth"],
        parameters: [idempotencyKeyParameter],
      },
    },
  );
