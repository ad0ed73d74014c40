import type { AdminApi } from "../keycloak/admin-api.ts";
import { readUserProfile } from "../keycloak/read-user-profile.ts";
import { REGISTRATION_MARK } from "../ports.ts";
import { type Finding, finding } from "./finding.ts";

/** Whether the realm's user profile lets people register through the gateway, as its own client sees it. */
export async function checkUserProfile(api: AdminApi, realm: string): Promise<Finding[]> {
  const answers = await api.call(
    "read_user_profile",
    ({ users }) => Promise.all([users.getProfile({ realm }), users.getProfileMetadata({ realm })]),
    // A missing role has a check of its own.
    ({ response }) => (response.status === 403 ? { value: undefined } : undefined),
  );
  if (!answers) return [];
  const { blocked, askedByKeycloak } = readUserProfile(...answers);
  const mark = answers[0].attributes?.find(({ name }) => name === REGISTRATION_MARK);
  return [
    ...(mark?.permissions?.edit?.includes("admin") ? [] : [finding("user_profile.mark_missing", REGISTRATION_MARK)]),
    ...(blocked.length > 0 ? [finding("user_profile.blocks_registration", blocked.join(", "))] : []),
    ...(askedByKeycloak.length > 0 ? [finding("user_profile.asks_at_login", askedByKeycloak.join(", "))] : []),
  ];
}
