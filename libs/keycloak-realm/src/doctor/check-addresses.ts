import { randomUUID } from "node:crypto";
import type { SessionAddress, SessionAddressRepository } from "@libs/database";
import { isInternalAddress } from "@libs/keycloak-authV2";
import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { type Finding, finding } from "@libs/problems/findings";
import { findClient } from "../realm/gateway-client.ts";
import type { DoctorOptions } from "./doctor-options.ts";

/** So many sessions are read, here and in Keycloak. */
const SAMPLE = 500;
/** After a correction old sessions are still there for so long. Milliseconds. */
const RECENT_MS = 24 * 3_600_000;
/** So many people at one address are a proxy: in an internal network, where each has an address of their own; elsewhere. */
const CROWD = { internal: 10, public: 50 };
/** A crowd is not all by itself: an office among people elsewhere is no proxy. */
const SHARE = 0.9;

/** Addresses as the gateway stored them. */
export async function checkSessionAddresses(
  sessions: SessionAddressRepository,
  now: () => number = Date.now,
): Promise<Finding[]> {
  const sample = await sessions.sample(randomUUID(), SAMPLE, new Date(now() - RECENT_MS));
  const crowd = crowdIn(sample);
  if (!crowd) return [];
  return [finding(crowd.isInternal ? "sessions.one_address" : "sessions.one_public_address", crowd.detail)];
}

/** Addresses as Keycloak has them. */
export async function checkKeycloakAddresses(
  api: AdminApi,
  { keycloak: { realm, clientId }, now = Date.now }: DoctorOptions,
): Promise<Finding[]> {
  const client = await findClient(api, realm, clientId);
  if (!client?.id) return [];
  const { id } = client;
  const sessions = await api.call("list_client_sessions", ({ clients }) =>
    clients.listSessions({ realm, id, first: 0, max: SAMPLE }),
  );
  const recent = sessions.filter(({ start = 0 }) => start >= now() - RECENT_MS);
  const known = recent.flatMap(({ userId, ipAddress }) => (userId && ipAddress ? [{ userId, ipAddress }] : []));
  const crowd = crowdIn(known);
  return crowd ? [finding("sessions.one_address_in_keycloak", crowd.detail)] : [];
}

interface Crowd {
  isInternal: boolean;
  detail: string;
}

/** @returns the few addresses that nearly everybody comes from; undefined: there are none */
export function crowdIn(sample: readonly SessionAddress[]): Crowd | undefined {
  const people = Map.groupBy(sample, ({ ipAddress }) => ipAddress);
  const crowds = [...people].flatMap(([address, sessions]) => {
    const count = new Set(sessions.map(({ userId }) => userId)).size;
    const isInternal = isInternalAddress(address);
    return count >= (isInternal ? CROWD.internal : CROWD.public) ? [{ address, isInternal, sessions }] : [];
  });
  const everybody = new Set(sample.map(({ userId }) => userId)).size;
  const crowded = new Set(crowds.flatMap(({ sessions }) => sessions.map(({ userId }) => userId))).size;
  if (crowds.length === 0 || crowded < everybody * SHARE) return undefined;
  const isInternal = crowds.some((crowd) => crowd.isInternal);
  // A public address is somebody's; how many share it is all that is needed.
  const addresses = crowds.filter((crowd) => crowd.isInternal).map(({ address }) => address);
  const named = addresses.length > 0 ? `: ${addresses.slice(0, 3).join(", ")}` : "";
  const places = crowds.length === 1 ? "one address" : `${crowds.length} addresses`;
  return { isInternal, detail: `${crowded} of ${everybody} people, from ${places}${named}` };
}
