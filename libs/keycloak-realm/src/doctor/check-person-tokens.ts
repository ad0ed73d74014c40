import { DEFAULT_MAX_TOKEN_BYTES, PROXY_SAFE_TOKEN_BYTES } from "@libs/auth-guard";
import { acceptedAlgorithms } from "@libs/auth-guard/keycloak";
import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { type Finding, finding } from "@libs/problems/findings";
import { findClient } from "../realm/gateway-client.ts";
import type { DoctorOptions } from "./doctor-options.ts";

/** So many people's tokens are checked. */
const PEOPLE = 5;
/** Header, signature and dots of a token under an RSA key of 2048 bits. Characters. */
const AROUND_PAYLOAD = 480;

interface ExampleToken {
  sub?: string;
  aud?: string | string[];
  realm_access?: { roles?: string[] };
}

export interface PersonTokenReport {
  findings: Finding[];
  /** Whether the examples name their person (`sub`), by whatever mapper; false where there is none. */
  nameSubject: boolean;
}

/**
 * What an administrator sees of the tokens that people of this realm get: settings of the client that no token of its own
 * shows, and examples for some of the people, which Keycloak makes without a login.
 */
export async function checkPersonTokens(api: AdminApi, { keycloak }: DoctorOptions): Promise<PersonTokenReport> {
  const { realm, clientId } = keycloak;
  const client = await findClient(api, realm, clientId);
  // That there is none is another check's finding.
  if (!client?.id) return { findings: [], nameSubject: false };
  const { id, attributes = {} } = client;
  const people = await api.call("list_people", (admin) =>
    admin.users.find({ realm, enabled: true, max: PEOPLE, briefRepresentation: true }),
  );
  const examples = await Promise.all(
    people.map(async ({ id: userId = "" }) => {
      const asked = { realm, id, userId, scope: "openid", audience: "" };
      const token = await api.call<ExampleToken | undefined>(
        "example_token",
        (admin) => admin.clients.evaluateGenerateAccessToken(asked),
        // Keycloak makes none for this client, or for this person: what is wrong then has findings of its own.
        ({ response }) => (response.status === 401 ? undefined : { value: undefined }),
      );
      return token ? [{ userId, token }] : [];
    }),
  );
  const tokens = examples.flat();
  const findings = [
    ...settingFindings(attributes, keycloak),
    ...(tokens.some(({ userId, token }) => token.sub !== undefined && token.sub !== userId)
      ? [finding("client.pairwise_sub")]
      : []),
    ...(tokens.some(({ token }) => token.sub === undefined) ? [finding("client.sub_missing")] : []),
    ...(tokens.some(({ token }) => ![token.aud].flat().includes(clientId)) ? [finding("client.audience_missing")] : []),
    ...sizeFindings(
      tokens.map(({ token }) => token),
      keycloak.maxTokenBytes,
    ),
    ...roleFindings(tokens.map(({ token }) => token)),
  ];
  const nameSubject = tokens.length > 0 && tokens.every(({ token }) => token.sub !== undefined);
  return { findings, nameSubject };
}

function settingFindings(attributes: Record<string, unknown>, keycloak: DoctorOptions["keycloak"]): Finding[] {
  const logout = attributes["id.token.signed.response.alg"];
  const accepted: readonly unknown[] = acceptedAlgorithms(keycloak);
  return [
    ...(attributes["use.refresh.tokens"] === "false" ? [finding("client.refresh_tokens_off")] : []),
    ...(logout && !accepted.includes(logout) ? [finding("client.logout_algorithm", String(logout))] : []),
  ];
}

function sizeFindings(tokens: readonly ExampleToken[], most = DEFAULT_MAX_TOKEN_BYTES): Finding[] {
  const bytes = Math.max(0, ...tokens.map(bytesOf));
  const detail = `about ${bytes} bytes of at most ${most}`;
  if (bytes > most) return [finding("client.token_too_large", detail)];
  return bytes > PROXY_SAFE_TOKEN_BYTES ? [finding("client.token_large", detail)] : [];
}

const bytesOf = (token: ExampleToken): number =>
  Buffer.from(JSON.stringify(token)).toString("base64url").length + AROUND_PAYLOAD;

function roleFindings(tokens: readonly ExampleToken[]): Finding[] {
  const roles = new Set(
    tokens.flatMap(({ realm_access: held }) => held?.roles ?? []).filter((name) => name.includes(":")),
  );
  return roles.size > 0 ? [finding("realm.role_with_colon", [...roles].toSorted().join(", "))] : [];
}
