import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { applyAudienceMapper } from "./audience-mapper.ts";
import { demandSupportedKeycloak } from "./demand-supported-keycloak.ts";
import { applyGatewayClient } from "./gateway-client.ts";
import type { RealmStep } from "./realm-options.ts";
import { applyRealmSettings } from "./realm-settings.ts";
import { applyScopeMappings } from "./scope-mappings.ts";
import { applyServiceAccount } from "./service-account.ts";
import { applyUserProfile } from "./user-profile.ts";

/** Every step, in order. Whether what differs is written or only reported is the step's `change`. */
export async function setUpRealm(api: AdminApi, step: RealmStep): Promise<void> {
  await demandSupportedKeycloak(api, step.options.onVersion);
  const { realmExists } = await applyRealmSettings(api, step);
  await applyUserProfile(api, step, realmExists);
  const clientUuid = await applyGatewayClient(api, step, realmExists);
  await applyAudienceMapper(api, clientUuid, step);
  await applyScopeMappings(api, clientUuid, step);
  await applyServiceAccount(api, clientUuid, step);
}
