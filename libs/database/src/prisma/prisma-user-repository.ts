import type { PrismaClient } from "../client.ts";
import { UnfinishedRegistrationError } from "../errors.ts";
import type { KeycloakProfile, User, UserRepository } from "../user-repository.ts";
import { USER_COLUMNS } from "./columns.ts";
import { throwMapped } from "./map-prisma-error.ts";
import { mayInsert } from "./may-insert.ts";
import { upsertUserRow } from "./upsert-user-row.ts";

/** `users` in PostgreSQL. */
export class PrismaUserRepository implements UserRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async findById(id: string): Promise<User | null> {
    const row = await this.prisma.user.findUnique({ where: { id } }).catch(throwMapped);
    return row && { ...row, metadata: row.metadata as User["metadata"] };
  }

  async findByUsername(username: string): Promise<User | null> {
    const rows = await this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE lower(username) = lower(${username}) AND deleted_at IS NULL`.catch(
      throwMapped,
    );
    return rows[0] ?? null;
  }

  async findByEmail(email: string): Promise<User | null> {
    const rows = await this.prisma.$queryRaw<User[]>`
      SELECT ${USER_COLUMNS} FROM users WHERE lower(email) = lower(${email}) AND deleted_at IS NULL`.catch(throwMapped);
    return rows[0] ?? null;
  }

  async upsertProfile(
    profile: KeycloakProfile,
    now: Date,
    { ignoreUnfinished = false }: { ignoreUnfinished?: boolean } = {},
  ): Promise<User> {
    const { id, username, email, firstName, lastName, emailVerified, enabled } = profile;
    const upsert = () => this.prisma.$queryRaw<User[]>`
      INSERT INTO users (id, username, email, first_name, last_name, email_verified, enabled,
        synced_at, created_at, updated_at)
      SELECT ${id}::text, ${username}::text, ${email}::text, ${firstName}::text, ${lastName}::text,
        ${emailVerified}::boolean, ${enabled}::boolean, ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
      WHERE ${mayInsert(profile, ignoreUnfinished)}
      ON CONFLICT (id) DO UPDATE SET username = excluded.username, email = excluded.email,
        first_name = excluded.first_name, last_name = excluded.last_name, email_verified = excluded.email_verified,
        enabled = excluded.enabled, synced_at = excluded.synced_at, updated_at = excluded.updated_at, deleted_at = NULL
      RETURNING ${USER_COLUMNS}`;
    const rows = await upsertUserRow(upsert);
    if (!rows[0]) throw new UnfinishedRegistrationError();
    return rows[0];
  }

  async markDeleted(id: string, now: Date): Promise<boolean> {
    const { count } = await this.prisma.user
      .updateMany({ where: { id, deletedAt: null }, data: { deletedAt: now, updatedAt: now } })
      .catch(throwMapped);
    return count > 0;
  }
}
