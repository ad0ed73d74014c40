import { throwMapped } from "@libs/postgres";
import type { KeycloakTicket, TicketRepository } from "../ports/feed-repository.ts";
import type { PrismaClient } from "./client.ts";

/** A sequence in PostgreSQL: it survives a crash and never goes back. */
export class PrismaTicketRepository implements TicketRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async next(): Promise<KeycloakTicket> {
    const rows = await this.prisma.$queryRaw<{ ticket: bigint }[]>`
      SELECT nextval('keycloak_read_tickets') AS ticket`.catch(throwMapped);
    return (rows[0] as { ticket: bigint }).ticket;
  }
}
