import { type AdminApi, REGISTRATION_MARK, readUserProfile } from "@libs/keycloak-authV2/keycloak/admin";
import { type Finding, finding } from "@libs/problems/findings";

/** Policies under which an administrator's write of an attribute that is not declared is kept. */
const KEEPING = ["ENABLED", "ADMIN_EDIT"];

/** Whether the realm's user profile lets people register through the gateway. @param api the gateway's, or an administrator's */
export async function checkUserProfile(api: AdminApi, realm: string): Promise<Finding[]> {
  const answers = await api.call(
    "read_user_profile",
    ({ users }) => Promise.all([users.getProfile({ realm }), users.getProfileMetadata({ realm })]),
    // A missing role has a check of its own.
    ({ response }) => (response.status === 403 ? { value: undefined } : undefined),
  );
  if (!answers) return [];
  const { blocked, askedByKeycloak } = readUserProfile(...answers);
  return [
    ...markFindings(answers[0]),
    ...(blocked.length > 0 ? [finding("user_profile.blocks_registration", blocked.join(", "))] : []),
    ...(askedByKeycloak.length > 0 ? [finding("user_profile.asks_at_login", askedByKeycloak.join(", "))] : []),
  ];
}

/** Whether the mark of registrations is kept, and is nobody's but administrators'. */
function markFindings({ attributes = [], unmanagedAttributePolicy = "" }: UserProfileConfig): Finding[] {
  const mark = attributes.find(({ name }) => name === REGISTRATION_MARK);
  const editors = mark ? (mark.permissions?.edit ?? []) : null;
  const isKept = editors ? editors.includes("admin") : KEEPING.includes(unmanagedAttributePolicy);
  const isForgeable = editors ? editors.includes("user") : unmanagedAttributePolicy === "ENABLED";
  return [
    ...(isKept ? [] : [finding("user_profile.mark_missing", REGISTRATION_MARK)]),
    ...(isForgeable ? [finding("user_profile.mark_editable", REGISTRATION_MARK)] : []),
  ];
}

interface UserProfileConfig {
  attributes?: { name?: string; permissions?: { edit?: string[] } }[];
  /** What happens to attributes that are not declared; none: they are dropped. */
  unmanagedAttributePolicy?: string;
}
