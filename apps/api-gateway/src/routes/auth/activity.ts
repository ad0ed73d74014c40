import type { Activity, ActivityPosition } from "@libs/database";
import { text } from "@libs/http";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import { describeDevice } from "./device.ts";
import type { PersonRouteDeps } from "./route-deps.ts";
import { deviceSchema, instant, personProblems } from "./schemas.ts";

const activity = z.strictObject({
  id: z.string(),
  type: z.string().describe("`area.event`, such as `session.started`."),
  at: instant,
  ipAddress: z.string().nullable(),
  device: deviceSchema,
  details: z.record(z.string(), z.unknown()),
});

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: text(1, 128).optional().describe("`nextCursor` of the previous page."),
});

/** What people may see of a row; who gave a role is the application's own business. */
const shownDetails = ["sessionId", "reason", "role", "storeId", "organizationId"];

export const activityRoute = ({ sync, auth, withinDeadline }: PersonRouteDeps) =>
  new Elysia({ name: "activity" }).use(auth).get(
    "/activity",
    ({ request, query: { limit, cursor }, user }) =>
      withinDeadline(request, async () => {
        // One more than is shown, to see whether there is another page.
        const rows = await sync.listActivity(user.id, limit + 1, readCursor(cursor));
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return {
          activities: shown.map(present),
          nextCursor: last && rows.length > limit ? writeCursor(last) : null,
        };
      }),
    {
      auth: true,
      query,
      response: {
        200: z.strictObject({ activities: z.array(activity), nextCursor: z.string().nullable() }),
        ...personProblems,
      },
      detail: {
        summary: "What happened to my account",
        description: "Newest first, as far back as the log is kept.",
        tags: ["people"],
      },
    },
  );

function present({ id, type, at, ipAddress, userAgent, details }: Activity): z.infer<typeof activity> {
  const shown = Object.entries(details).filter(([name]) => shownDetails.includes(name));
  return {
    id,
    type,
    at: at.toISOString(),
    ipAddress,
    device: describeDevice(userAgent),
    details: Object.fromEntries(shown),
  };
}

function writeCursor({ at, id }: ActivityPosition): string {
  return Buffer.from(`${at.getTime()}.${id}`).toString("base64url");
}

function readCursor(cursor: string | undefined): ActivityPosition | undefined {
  if (cursor === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})\.(\d{1,18})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (at && id) return { at: new Date(Number(at)), id };
  throw new AuthError("input.invalid", { errors: [{ path: "cursor", message: "must be a `nextCursor`" }] });
}
