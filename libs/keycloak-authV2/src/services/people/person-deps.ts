import type { PersonRepository } from "@libs/database";
import type { KeycloakPersonSource } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

export interface PersonDeps extends SyncDeps {
  people: PersonRepository;
  personSource: KeycloakPersonSource;
}
