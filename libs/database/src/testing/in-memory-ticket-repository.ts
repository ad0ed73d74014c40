import type { KeycloakTicket, TicketRepository } from "../ports/feed-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryTicketRepository implements TicketRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async next(): Promise<KeycloakTicket> {
    this.database.ticket += 1n;
    return this.database.ticket;
  }
}
