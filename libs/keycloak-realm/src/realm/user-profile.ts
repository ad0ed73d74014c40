import { type AdminApi, REGISTRATION_MARK } from "@libs/keycloak-authV2/keycloak/admin";
import { differences } from "./differences.ts";
import type { RealmStep } from "./realm-options.ts";

/**
 * Declares the registration mark in the realm's user profile: Keycloak silently drops attributes that are not declared.
 * All other attributes and groups are written back as they were read.
 */
export async function applyUserProfile(
  api: AdminApi,
  { options: { realm }, change }: RealmStep,
  realmExists: boolean,
): Promise<void> {
  const profile = realmExists
    ? await api.call("read_user_profile", (client) => client.users.getProfile({ realm }))
    : {};
  const attributes = profile.attributes ?? [];
  const found = attributes.find(({ name }) => name === REGISTRATION_MARK);
  if (found && !differences(found, mark)) return;
  const others = attributes.filter(({ name }) => name !== REGISTRATION_MARK);
  const text = `user profile: ${REGISTRATION_MARK} ${found ? "set" : "declared"}`;
  await change([{ subject: "user_profile", name: REGISTRATION_MARK, text }], () =>
    api.call("update_user_profile", (client) =>
      client.users.updateProfile({ realm, ...profile, attributes: [...others, { ...found, ...mark }] }),
    ),
  );
}

const mark = {
  name: REGISTRATION_MARK,
  displayName: "Registration",
  permissions: { view: ["admin"], edit: ["admin"] },
  validations: { length: { max: 64 } },
  multivalued: false,
};
