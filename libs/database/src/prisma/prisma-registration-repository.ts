import type { PrismaClient } from "../client.ts";
import type { Prisma } from "../generated/client.ts";
import type {
  NewRegistration,
  Registration,
  RegistrationProfile,
  RegistrationRepository,
  RegistrationState,
} from "../registration-repository.ts";
import type { KeycloakProfile, User } from "../user-repository.ts";
import { REGISTRATION_COLUMNS } from "./columns.ts";
import { completeRegistration } from "./complete-registration.ts";
import { throwMapped } from "./map-prisma-error.ts";

const UNFINISHED: RegistrationState[] = ["pending", "undoing"];

/** `registrations` in PostgreSQL; every change of state is one conditional UPDATE. */
export class PrismaRegistrationRepository implements RegistrationRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async begin({ id, username, email, profile, idempotencyKey, now }: NewRegistration): Promise<void> {
    const data = { id, username, email, idempotencyKey, profile: profile as unknown as Prisma.InputJsonObject };
    await this.prisma.registration
      .createMany({ data: [{ ...data, createdAt: now, updatedAt: now }] })
      .catch(throwMapped);
  }

  async findById(id: string): Promise<Registration | null> {
    const row = await this.prisma.registration
      .findUnique({ where: { id }, omit: { requestFingerprint: true, nextAttemptAt: true } })
      .catch(throwMapped);
    if (!row) return null;
    return {
      ...row,
      state: row.state as RegistrationState,
      profile: row.profile as unknown as RegistrationProfile,
    };
  }

  async findUnfinished(username: string, email: string | null): Promise<Registration | null> {
    const rows = await this.prisma.$queryRaw<Registration[]>`
      SELECT ${REGISTRATION_COLUMNS} FROM registrations
      WHERE state IN ('pending', 'undoing') AND (lower(username) = lower(${username}) OR lower(email) = lower(${email}))
      ORDER BY created_at DESC, id DESC LIMIT 1`.catch(throwMapped);
    return rows[0] ?? null;
  }

  complete(id: string, profile: KeycloakProfile, now: Date): Promise<User | null> {
    return completeRegistration(this.prisma, id, profile, now).catch(throwMapped);
  }

  fail(id: string, error: string, now: Date): Promise<boolean> {
    return this.move(id, "pending", { state: "failed", lastError: error, updatedAt: now });
  }

  beginUndo(id: string, keycloakUserId: string | null, error: string, now: Date): Promise<boolean> {
    return this.move(id, "pending", { state: "undoing", keycloakUserId, lastError: error, updatedAt: now });
  }

  finishUndo(id: string, now: Date): Promise<boolean> {
    return this.move(id, "undoing", { state: "undone", updatedAt: now });
  }

  async recordAttempt(id: string, error: string, now: Date): Promise<void> {
    await this.prisma.registration
      .updateMany({
        where: { id, state: { in: UNFINISHED } },
        data: { attempts: { increment: 1 }, lastError: error, updatedAt: now },
      })
      .catch(throwMapped);
  }

  private async move(
    id: string,
    from: RegistrationState,
    data: { state: RegistrationState; keycloakUserId?: string | null; lastError?: string; updatedAt: Date },
  ): Promise<boolean> {
    const { count } = await this.prisma.registration
      .updateMany({ where: { id, state: from }, data })
      .catch(throwMapped);
    return count > 0;
  }
}
