import { Elysia } from "elysia";
import { z } from "zod";
import { describeDevice } from "./device.ts";
import type { PersonRouteDeps } from "./route-deps.ts";
import { deviceSchema, instant, personProblems } from "./schemas.ts";

const sessions = z.strictObject({
  sessions: z.array(
    z.strictObject({
      id: z.string(),
      current: z.boolean().describe("The session of this request."),
      device: deviceSchema,
      ipAddress: z.string().nullable(),
      startedAt: instant,
      lastSeenAt: instant.describe("Its last login or refresh."),
    }),
  ),
});

export const sessionsRoute = ({ sync, auth, withinDeadline }: PersonRouteDeps) =>
  new Elysia({ name: "sessions" }).use(auth).get(
    "/sessions",
    ({ request, user, session }) =>
      withinDeadline(request, async () => ({
        sessions: (await sync.listSessions(user.id)).map(
          ({ sessionId, userAgent, ipAddress, startedAt, lastSeenAt }) => ({
            id: sessionId,
            current: sessionId === session.id,
            device: describeDevice(userAgent),
            ipAddress,
            startedAt: startedAt.toISOString(),
            lastSeenAt: lastSeenAt.toISOString(),
          }),
        ),
      })),
    {
      auth: true,
      response: { 200: sessions, ...personProblems },
      detail: { summary: "My sessions", description: "Live sessions, most recently seen first.", tags: ["people"] },
    },
  );
