import {
  email,
  idempotencyKeyParameter,
  line,
  metadata,
  password,
  problemsOf,
  readIdempotencyKey,
  text,
} from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import { type AuthRouteDeps, clientDetails } from "./route-deps.ts";
import { commonProblems, presentRegisteredUser, registeredUserSchema } from "./schemas.ts";

export type RegisterDeps = Pick<AuthRouteDeps, "integration" | "sync" | "clientAddress" | "limits" | "withinDeadline">;

const body = z.strictObject({
  username: text(1, 255),
  email,
  password,
  firstName: line(1, 255),
  lastName: line(1, 255),
  storeId: text(1, 64).optional(),
  organizationId: text(1, 64).optional(),
  metadata: metadata.optional(),
});

const registered = z.strictObject({ message: z.string(), userId: z.string(), user: registeredUserSchema });

export const registerRoute = ({ integration, sync, clientAddress, limits, withinDeadline }: RegisterDeps) =>
  new Elysia({ name: "register" }).post(
    "/register",
    async ({ body, request, server, status }) => {
      const idempotencyKey = readIdempotencyKey(request);
      integration.assertRoom();
      const result = await withinDeadline(request, () =>
        limits.register(body.email, clientAddress(request, server), async () => {
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
      body,
      response: {
        201: registered,
        ...commonProblems,
        ...problemsOf("registration.username_taken", "registration.undone", "idempotency.key_reused", "rate.limited"),
      },
      detail: {
        summary: "Register a user",
        description: "Creates the user in Keycloak and in the application's database, or in neither.",
        tags: ["auth"],
        parameters: [idempotencyKeyParameter],
      },
    },
  );
