import { throwMapped } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import type {
  ErasedRows,
  GivenRole,
  PersonRecord,
  PersonRepository,
  SessionFacts,
  SessionFilter,
  SessionMark,
  SessionPage,
} from "../ports/person-repository.ts";
import type { Registration } from "../ports/registration-repository.ts";
import type { User } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { REGISTRATION_COLUMNS, USER_COLUMNS } from "./columns.ts";
import { erasePerson } from "./erase-person.ts";
import { LISTED_COLUMNS, listSessionPage } from "./list-session-page.ts";

const ITEM = { sku: true, name: true, quantity: true, unitPriceMinor: true } as const;

/** A person's rows in PostgreSQL. */
export class PrismaPersonRepository implements PersonRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async collect(userId: string): Promise<PersonRecord> {
    const prisma = this.prisma;
    return await prisma
      .$transaction(
        async (tx) => {
          const [user = null] = await tx.$queryRaw<User[]>`SELECT ${USER_COLUMNS} FROM users WHERE id = ${userId}`;
          return {
            user,
            sessions: await tx.$queryRaw<SessionFacts[]>`
              SELECT ${LISTED_COLUMNS} FROM sessions WHERE user_id = ${userId} ORDER BY started_at`,
            activities: (await tx.activityLog.findMany({ where: { userId }, orderBy: { id: "asc" } })).map((row) => ({
              ...row,
              id: String(row.id),
            })) as PersonRecord["activities"],
            registrations: await registrationsOf(tx, userId, user?.email ?? null),
            roles: await rolesOf(tx, userId, user?.email ?? null),
            carts: await tx.cart.findMany({
              where: { userId },
              omit: { userId: true },
              include: { items: { select: ITEM } },
              orderBy: { createdAt: "asc" },
            }),
            orders: await tx.order.findMany({
              where: { userId },
              omit: { userId: true },
              include: { items: { select: ITEM } },
              orderBy: { placedAt: "asc" },
            }),
          };
        },
        { isolationLevel: "RepeatableRead" },
      )
      .catch(throwMapped);
  }

  listSessions(filter: SessionFilter, after: SessionMark | null, limit: number): Promise<SessionPage> {
    return listSessionPage(this.prisma, filter, after, limit).catch(throwMapped);
  }

  erase(userId: string, now: Date): Promise<ErasedRows> {
    return erasePerson(this.prisma, userId, now).catch(throwMapped);
  }
}

function registrationsOf(
  tx: Prisma.TransactionClient,
  userId: string,
  email: string | null,
): Promise<PersonRecord["registrations"]> {
  return tx.$queryRaw<Registration[]>`
    SELECT ${REGISTRATION_COLUMNS} FROM registrations
    WHERE keycloak_user_id = ${userId} OR lower(email) = lower(${email}::text) ORDER BY created_at`.then((rows) =>
    rows.map(({ idempotencyKey: _, ...row }) => row),
  );
}

function rolesOf(tx: Prisma.TransactionClient, userId: string, email: string | null): Promise<GivenRole[]> {
  return tx.$queryRaw<GivenRole[]>`
    SELECT roles.name AS role, grantee_email AS "granteeEmail", store_id AS "storeId",
      organization_id AS "organizationId", granted_at AS "grantedAt"
    FROM user_roles JOIN roles ON roles.id = role_id
    WHERE user_id = ${userId} OR lower(grantee_email) = lower(${email}::text) ORDER BY granted_at`;
}
