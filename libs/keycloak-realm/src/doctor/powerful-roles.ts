/**
 * Roles of `realm-management` that give a service account more than users: settings, secrets of other clients, other
 * people's sessions, the record of events. What else it holds follows from managing users, or is of no consequence.
 */
const POWERFUL: ReadonlySet<string> = new Set([
  "realm-admin",
  "manage-realm",
  "manage-clients",
  "create-client",
  "manage-identity-providers",
  "manage-authorization",
  "manage-events",
  "impersonation",
  // Who may view clients may read their secrets.
  "view-clients",
]);

/** @param role of the client `realm-management` */
export const isPowerful = (role: string): boolean => POWERFUL.has(role);
