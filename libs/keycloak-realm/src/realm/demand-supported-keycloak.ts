import { type AdminApi, readServerVersion } from "@libs/keycloak-authV2/keycloak/admin";
import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";
import { describeVersionSupport, versionSupport } from "@libs/problems/findings";

/**
 * The Keycloak at hand is older than all that are supported. `message` says so in one sentence.
 * @see {@link applyRealm}
 */
export class UnsupportedKeycloakError extends LibraryError {
  override readonly name = "UnsupportedKeycloakError";
  readonly code = "keycloak.unsupported";

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }
}

/**
 * Refuses a Keycloak that is too old, before anything is changed.
 * @param onVersion learns what there is to say of one that is accepted; nothing where everything is as with the newest
 * @throws UnsupportedKeycloakError; AuthError `keycloak.*`
 */
export async function demandSupportedKeycloak(api: AdminApi, onVersion?: (sentence: string) => void): Promise<void> {
  const version = await readServerVersion(api);
  if (version === null) return;
  const sentence = describeVersionSupport(version);
  if (versionSupport(version) === "too_old") throw new UnsupportedKeycloakError(sentence);
  if (sentence) onVersion?.(sentence);
}
