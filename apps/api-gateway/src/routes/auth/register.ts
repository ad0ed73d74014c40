import { metadata, problemsOf, secret, text } from "@libs/http";
import { AuthError } from "@libs/keycloak-authV2/errors";
import { Elysia } from "elysia";
import { z } from "zod";
import type { AuthRouteDeps } from "./route-deps.ts";
import { commonProblems, presentRegisteredUser, registeredUserSchema } from "./schemas.ts";

export type RegisterDeps = Pick<AuthRouteDeps, "integration" | "sync" | "clientAddress" | "limits" | "withinDeadline">;

const body = z.strictObject({
  username: text(1, 255),
  email: z.email().max(254),
  password: secret(256),
  firstName: text(1, 255),
  lastName: text(1, 255),
  storeId: text(1, 64).optional(),
  organizationId: text(1, 64).optional(),
  metadata: metadata.optional(),
});

const registered = z.strictObject({ message: z.string(), userId: z.string(), user: registeredUserSchema });

const idempotencyKeyForm = /^[\x21-\x7e]{1,255}$/;

function readIdempotencyKey(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (idempotencyKeyForm.test(key)) return key;
  const message = "must be 1 to 255 visible ASCII characters";
  throw new AuthError("input.invalid", { errors: [{ path: "Idempotency-Key", message }] });
}

export const registerRoute = ({ integration, sync, clientAddress, limits, withinDeadline }: RegisterDeps) =>
  new Elysia({ name: "register" }).post(
    "/register",
    async ({ body, request, server, status }) => {
      const idempotencyKey = readIdempotencyKey(request);
      integration.assertRoom();
      const result = await withinDeadline(request, () =>
        limits.register(body.email, clientAddress(request, server), async () => {
          const outcome = await sync.registerUser(body, { idempotencyKey });
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
        parameters: [
          {
            name: "Idempotency-Key",
            in: "header",
            required: false,
            description: "Makes a repetition safe: the same key with the same body gets the same answer, for 24 hours.",
            schema: { type: "string", minLength: 1, maxLength: 255, pattern: idempotencyKeyForm.source },
          },
        ],
      },
    },
  );
