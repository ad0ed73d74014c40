import { randomBytes } from "node:crypto";
import type { DomainEvent } from "@libs/database";
import type { JobInsert } from "pg-boss";

/** A domain event as it lies in a queue: JSON has neither bigint nor Date. */
export interface EventJobData {
  userId: string;
  type: string;
  version: string;
  at: string;
  payload: object;
}

export function toEventJob(event: DomainEvent): JobInsert<EventJobData> {
  const { userId, type, version, at, payload } = event;
  return {
    id: orderedId(version),
    singletonKey: userId,
    data: { userId, type, version: String(version), at: at.toISOString(), payload },
  };
}

export function toDomainEvent({ userId, type, version, at, payload }: EventJobData): DomainEvent {
  // What was put in by toEventJob.
  return { userId, type, version: BigInt(version), at: new Date(at), payload } as DomainEvent;
}

/**
 * A UUID that sorts by version: jobs that were inserted in one transaction share their time, and pg-boss takes those of
 * one key in the order of their ids.
 */
function orderedId(version: bigint): string {
  const hex = version.toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
