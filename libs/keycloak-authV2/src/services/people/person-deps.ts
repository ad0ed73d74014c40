import type { PersonRepository } from "@libs/database";
import type { KeycloakPersonSource } from "../../ports.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";

export interface PersonDeps extends SyncDeps {
  people: PersonRepository;
  personSource: KeycloakPersonSource;
}
