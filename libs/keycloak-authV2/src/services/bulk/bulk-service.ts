import type { PrismaClient } from "@libs/database";
import type { Registry } from "@libs/observability";
import type { FacadeParts, KeycloakIntegrationService } from "../integration/index.ts";
import { integrationParts } from "../shared/integration-parts.ts";
import { createKeylessDeps } from "../sync/create-sync-deps.ts";
import type { BulkDeps } from "./bulk-deps.ts";
import type { BulkServiceOptions, RepairOptions, SyncOptions, VerifyOptions } from "./bulk-options.ts";
import type { RepairResult, SyncResult, VerifyResult } from "./bulk-result.ts";
import { previewSync } from "./preview-sync.ts";
import { repairUsers } from "./repair-users.ts";
import { syncUsers } from "./sync-users.ts";
import { verifyUsers } from "./verify-users.ts";

type BulkIntegration = Pick<KeycloakIntegrationService, "userRepository" | "eventSource" | "serverFeatures">;

/**
 * All that a {@link BulkService} is made of, in one object.
 * @see {@link BulkService}
 */
export interface BulkServiceSetup extends FacadeParts, BulkServiceOptions {
  integration: BulkIntegration;
}

/**
 * For the integration's `timeoutMs` on scans of all users: a cold page takes seconds.
 * @see {@link BulkService}
 */
export const BULK_TIMEOUT_MS = 30_000;

/**
 * All of Keycloak's users at once: brought over, compared, repaired. A small composition root over `services/bulk/*`.
 * Reads of pages take longer than a login may: give the integration a `timeoutMs` of {@link BULK_TIMEOUT_MS}.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 * import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
 * import {
 *   BULK_TIMEOUT_MS,
 *   BulkError,
 *   type BulkErrorCode,
 *   type BulkResult,
 *   BulkService,
 *   type BulkServiceOptions,
 *   type BulkServiceSetup,
 *   type RepairOptions,
 *   type RepairResult,
 *   type SyncCounts,
 *   type SyncOptions,
 *   type SyncResult,
 *   type VerifyOptions,
 *   type VerifyResult,
 * } from "@libs/keycloak-authV2/services/bulk";
 * import { Registry } from "prom-client";
 *
 * const database = new PrismaClient();
 * const metrics = new Registry();
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const integration = KeycloakIntegrationService.create({
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret, timeoutMs: BULK_TIMEOUT_MS },
 *   database,
 *   metrics,
 * });
 * const options: BulkServiceOptions = { now: () => new Date() };
 * const setup: BulkServiceSetup = { integration, database, metrics, ...options };
 * const bulk = new BulkService(setup);
 *
 * const sync: SyncOptions = { dryRun: true, maxRate: 200 };
 * const verify: VerifyOptions = { only: ["missing", "extra"] };
 * const repair: RepairOptions = { allowDeletes: true };
 * const busy: BulkErrorCode = "bulk.already_running";
 * try {
 *   const synced: SyncResult = await bulk.sync(sync);
 *   const counts: SyncCounts = synced.counts;
 *   const compared: VerifyResult = await bulk.verify(verify);
 *   const repaired: RepairResult = await bulk.repair(repair);
 *   const all: BulkResult[] = [synced, compared, repaired];
 *   console.log(counts.inserted, compared.differences.missing, repaired.outcomes.repaired, all.length);
 * } catch (error) {
 *   if (!(error instanceof BulkError) || error.code !== busy) throw error;
 *   console.warn(error.message);
 * }
 * ```
 */
export class BulkService {
  readonly #deps: BulkDeps;

  constructor(setup: BulkServiceSetup);
  /** The same with each part by its place. */
  constructor(integration: BulkIntegration, prisma: PrismaClient, metrics: Registry, options?: BulkServiceOptions);
  constructor(...given: [BulkServiceSetup] | [BulkIntegration, PrismaClient, Registry, BulkServiceOptions?]) {
    const { integration, ...options } = given.length === 1 ? given[0] : integrationParts(...given);
    const { userRepository, eventSource, serverFeatures } = integration;
    this.#deps = { ...createKeylessDeps({ ...options, repository: userRepository }), eventSource, serverFeatures };
  }

  /**
   * Brings every user over from Keycloak, and makes tombstones of those that are gone there. A run that was cut short
   * goes on where it was, for 24 hours; another filter begins a new one.
   * @throws BulkError | AuthError
   */
  sync(options: SyncOptions = {}): Promise<SyncResult> {
    return options.dryRun ? previewSync(this.#deps, options) : syncUsers(this.#deps, options);
  }

  /** Finds every difference; writes nothing but its own notes. @throws BulkError | AuthError */
  verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    return verifyUsers(this.#deps, options);
  }

  /**
   * Finds every difference and removes it: Keycloak wins on its fields, local columns are never touched. Tombstones only
   * when they are 1 % of the live users at most (or 10), or with `allowDeletes`.
   * @throws BulkError | AuthError
   */
  repair(options: RepairOptions = {}): Promise<RepairResult> {
    return repairUsers(this.#deps, options);
  }
}
