import { problemsOf } from "@libs/http";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import type { AuthRouteDeps } from "./route-deps.ts";

export type BackchannelLogoutDeps = Pick<AuthRouteDeps, "feed" | "withinDeadline">;

/** Where a form is taken instead of JSON (OpenID Connect Back-Channel Logout 1.0 §2.5). */
export const backchannelLogoutPath = "/auth/backchannel-logout";

/** Keycloak waits for the answer in the middle of its own request: what it reports is stored, and handled afterwards. */
export const backchannelLogoutRoute = ({ feed, withinDeadline }: BackchannelLogoutDeps) =>
  new Elysia({ name: "backchannel-logout" }).post(
    "/backchannel-logout",
    async ({ body, request, set }) => {
      if (!feed) throw new AuthError("request.not_found");
      await withinDeadline(request, () => feed.receiveLogoutToken(body.logout_token));
      set.headers["cache-control"] = "no-store";
      return { message: "Taken" };
    },
    {
      // The standard has other fields ignored.
      body: z.object({ logout_token: z.string().min(1).max(8_000) }),
      response: {
        200: z.strictObject({ message: z.string() }),
        ...problemsOf(
          "logout_token.invalid",
          "request.not_found",
          "input.too_large",
          "input.unsupported_media_type",
          "keycloak.unavailable",
          "request.timeout",
          "internal.error",
        ),
      },
      detail: {
        summary: "Back-channel logout, for Keycloak",
        description:
          "Takes a logout token (OpenID Connect Back-Channel Logout 1.0) as a form. The sessions that it names are checked in Keycloak soon afterwards, and ended here if they have ended there.",
        tags: ["keycloak"],
      },
    },
  );
