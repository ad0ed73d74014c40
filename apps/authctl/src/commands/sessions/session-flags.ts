import { isIP } from "node:net";
import type { SessionFilter } from "@libs/database";
import type { PersonService } from "@libs/keycloak-authV2/services/people";
import { type Command, InvalidArgumentError } from "commander";
import { findOne } from "../../command/with-people.ts";

/** Which sessions, as the command line says it; ages are in milliseconds. */
export interface SessionFlags {
  user?: string;
  ip?: string;
  olderThan?: number;
  newerThan?: number;
  idle?: number;
}

const UNIT_MS = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Adds the options that choose sessions. */
export function addSessionFlags(command: Command): Command {
  return command
    .option("--user <who>", "Keycloak's user id, username or email")
    .option("--ip <address>", "an address, or a network such as 192.0.2.0/24", address)
    .option("--older-than <age>", "began before, such as 30min, 12h or 7d", age)
    .option("--newer-than <age>", "began since then", age)
    .option("--idle <age>", "not refreshed since then", age);
}

/** @throws NobodyFoundError when there is no such user */
export async function filterOf(people: PersonService, flags: SessionFlags, now = Date.now()): Promise<SessionFilter> {
  const { user, ip, olderThan, newerThan, idle } = flags;
  return {
    ...(user !== undefined && { userId: await findOne(people, user) }),
    ...(ip !== undefined && { ipAddress: ip }),
    ...(olderThan !== undefined && { startedBefore: new Date(now - olderThan) }),
    ...(newerThan !== undefined && { startedAfter: new Date(now - newerThan) }),
    ...(idle !== undefined && { lastSeenBefore: new Date(now - idle) }),
  };
}

/** @returns milliseconds @throws InvalidArgumentError */
export function age(text: string): number {
  const [, count, unit] = /^(\d{1,5})(s|min|h|d)$/.exec(text) ?? [];
  if (!count || !unit) throw new InvalidArgumentError("Expected a number with s, min, h or d, such as 12h.");
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** @throws InvalidArgumentError */
export function address(text: string): string {
  const [host = "", bits, ...rest] = text.split("/");
  const most = isIP(host) === 6 ? 128 : 32;
  const network = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  if (isIP(host) === 0 || host.includes("%") || !network || rest.length > 0)
    throw new InvalidArgumentError("Expected an IP address, or a network such as 192.0.2.0/24.");
  return text;
}
