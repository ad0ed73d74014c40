import { keycloakEndpoints, OWN_CONNECTION } from "@libs/auth-guard/keycloak";
import type { DoctorOptions } from "./doctor-options.ts";

const TIMEOUT_MS = 10_000;

/** What Keycloak says of a realm to anybody. */
export interface PublicRealm {
  /** Tokens from before it are void. Seconds since the epoch; undefined: Keycloak does not say. */
  notBefore: number | undefined;
  /** Whether there is an account page. */
  hasAccount: boolean;
}

/** Never fails: what can't be read is taken as right, because other checks see that Keycloak is away. */
export async function readPublicRealm(
  keycloak: DoctorOptions["keycloak"],
  timeoutMs = TIMEOUT_MS,
): Promise<PublicRealm> {
  const { realm } = keycloakEndpoints(keycloak);
  const get = (path: string) =>
    fetch(`${realm}${path}`, { ...OWN_CONNECTION, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) }).catch(
      () => undefined,
    );
  const [page, account] = await Promise.all([get(""), get("/account")]);
  const body: unknown = page?.ok ? await page.json().catch(() => undefined) : undefined;
  const notBefore = typeof body === "object" && body !== null ? Reflect.get(body, "tokens-not-before") : undefined;
  await account?.body?.cancel();
  return {
    notBefore: typeof notBefore === "number" ? notBefore : undefined,
    hasAccount: account?.status !== 404,
  };
}
