import { randomUUID } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";

export interface ImportedUser {
  id: string;
  username: string;
  email?: string;
  firstName?: string;
  lastName?: string;
  enabled: boolean;
  emailVerified: boolean;
  createdTimestamp: number;
}

let series = 0;

/** People as another system hands them over: created over a year, some of them in one millisecond. */
export function manyUsers(count: number, ofOneMillisecond = 0): ImportedUser[] {
  series += 1;
  const start = Date.now() - 365 * 86_400_000;
  const step = Math.floor((364 * 86_400_000) / count);
  return Array.from({ length: count }, (_, place) => {
    const name = `many-${series}-${String(place).padStart(6, "0")}`;
    return {
      id: randomUUID(),
      username: name,
      email: `${name}@example.com`,
      firstName: "Ada",
      lastName: `Lovelace ${place}`,
      enabled: place % 50 !== 7,
      emailVerified: place % 2 === 0,
      createdTimestamp: start + (place < ofOneMillisecond ? 12_345 : place * step),
    };
  });
}

/** Puts users into a realm with their ids and created times: no events, no passwords. */
export async function importUsers(admin: KcAdminClient, realm: string, users: readonly ImportedUser[]): Promise<void> {
  for (let start = 0; start < users.length; start += 250)
    await admin.realms.partialImport({
      realm,
      rep: { ifResourceExists: "FAIL", users: users.slice(start, start + 250) },
    });
}
