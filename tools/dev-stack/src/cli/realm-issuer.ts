import { readIssuer } from "@libs/keycloak-authV2/keycloak";
import { StackError } from "../base/stack-error.ts";
import { keycloakStackError } from "./server-stack-error.ts";

/**
 * The `iss` of the realm's tokens, from its discovery document.
 * @param expected `KEYCLOAK_ISSUER`, where it is given
 * @throws StackError where the realm says something else: no login could succeed
 */
export async function realmIssuer(of: { url: string; realm: string; expected: string | undefined }): Promise<string> {
  const { url, realm, expected } = of;
  const issuer = await readIssuer({ url, realm }).catch((error: unknown) => keycloakStackError(error, { url, realm }));
  if (expected && expected.replace(/\/+$/, "") !== issuer) {
    throw new StackError(
      `KEYCLOAK_ISSUER is ${expected}, and the realm's tokens name ${issuer}: leave KEYCLOAK_ISSUER out, or set Keycloak's hostname to what is meant.`,
    );
  }
  return issuer;
}
