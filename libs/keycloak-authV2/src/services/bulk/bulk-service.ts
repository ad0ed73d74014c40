import type { PrismaClient } from "@libs/database";
import type { Registry } from "@libs/observability";
import type { KeycloakIntegrationService } from "../integration/index.ts";
import type { BulkServiceOptions, RepairOptions, SyncOptions, VerifyOptions } from "./bulk-options.ts";
import type { RepairResult, SyncResult, VerifyResult } from "./bulk-result.ts";

/**
 * All of Keycloak's users at once: brought over, compared, repaired. A small composition root over `services/bulk/*`.
 * Reads of pages take longer than a login may: give the integration a `timeoutMs` of {@link BULK_TIMEOUT_MS}.
 *
 * @example
 * const bulk = new BulkService(integration, prisma, registry);
 * const { counts } = await bulk.sync({ maxRate: 500, onProgress: ({ done, total }) => console.log(done, total) });
 */
export class BulkService {
  constructor(
    _integration: Pick<KeycloakIntegrationService, "userRepository" | "eventSource">,
    _prisma: PrismaClient,
    _metrics: Registry,
    _options: BulkServiceOptions = {},
  ) {}

  /**
   * Brings every user over from Keycloak, and makes tombstones of those that are gone there. A run that was cut short
   * goes on where it was.
   * @throws BulkError | AuthError
   */
  sync(_options: SyncOptions = {}): Promise<SyncResult> {
    return Promise.reject(new Error("not built yet"));
  }

  /** Finds every difference; writes nothing but its own notes. @throws BulkError | AuthError */
  verify(_options: VerifyOptions = {}): Promise<VerifyResult> {
    return Promise.reject(new Error("not built yet"));
  }

  /**
   * Finds every difference and removes it: Keycloak wins on its fields, local columns are never touched.
   * @throws BulkError | AuthError
   */
  repair(_options: RepairOptions = {}): Promise<RepairResult> {
    return Promise.reject(new Error("not built yet"));
  }
}

/** For the integration's `timeoutMs` on walks over all users: a cold page takes seconds. */
export const BULK_TIMEOUT_MS = 30_000;
