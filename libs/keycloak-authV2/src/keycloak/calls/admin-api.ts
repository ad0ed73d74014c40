import KeycloakAdminClient, { NetworkError } from "@keycloak/keycloak-admin-client";
import { type ConnectionChoice, keycloakConnections, mapError, OWN_CONNECTION } from "@libs/auth-guard/keycloak";
import { remainingMs } from "@libs/observability";
import { isAuthError } from "@libs/problems";
import { ADMIN_OPERATIONS, type AdminOperation } from "./admin-operations.ts";
import type { AdminTokenProvider } from "./admin-token-provider.ts";
import type { CallObserver } from "./call-observer.ts";

export type { KeycloakAdminClient };
export { NetworkError };

export interface AdminApiOptions {
  /** Keycloak's base URL, as this process dials it. */
  url: string;
  realm: string;
  tokens: AdminTokenProvider;
  timeoutMs: number;
  observe?: CallObserver;
  /** Called when Keycloak was away, or did not answer in time. */
  onOutage?: () => void;
}

/** Reads an answer other than 2xx; returns or throws what it means, or `undefined` for "nothing special". */
export type AnswerReader<T> = (error: NetworkError) => { value: T } | undefined;

/**
 * The admin REST API of one realm: every call observed, limited in time, re-authenticated once when Keycloak refuses
 * the token (it was restarted, or its keys were rotated), and failing with an `AuthError` only.
 * @see {@link createAdminApi}
 */
export class AdminApi {
  readonly #options: AdminApiOptions;
  /** By choice of connection: the client takes it once for all its calls. */
  readonly #clients = new Map<unknown, KeycloakAdminClient>();

  constructor(options: AdminApiOptions) {
    this.#options = options;
  }

  /**
   * @param operation name for logs and metrics; {@link ADMIN_OPERATIONS} says how it is sent
   * @param read the meaning of answers other than 2xx, where the caller knows better than the general mapping
   * @throws AuthError
   */
  async call<T>(
    operation: AdminOperation,
    work: (client: KeycloakAdminClient) => Promise<T>,
    read?: AnswerReader<T>,
  ): Promise<T> {
    const started = performance.now();
    let outcome: string = "success";
    try {
      return await this.#withFreshToken(operation, work);
    } catch (error) {
      try {
        const known = error instanceof NetworkError ? read?.(error) : undefined;
        if (known) return known.value;
        throw error;
      } catch (meaning) {
        const mapped = mapError(meaning, operation);
        outcome = mapped.code;
        if (isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout")) this.#options.onOutage?.();
        throw mapped;
      }
    } finally {
      this.#options.observe?.(operation, outcome, (performance.now() - started) / 1000);
    }
  }

  async #withFreshToken<T>(operation: AdminOperation, work: (client: KeycloakAdminClient) => Promise<T>): Promise<T> {
    const { tokens } = this.#options;
    const used = await tokens.getAccessToken();
    try {
      return await this.#send(operation, work);
    } catch (error) {
      if (!(error instanceof NetworkError) || error.response.status !== 401) throw error;
      tokens.invalidate(used);
      return await this.#send(operation, work);
    }
  }

  #send<T>(operation: AdminOperation, work: (client: KeycloakAdminClient) => Promise<T>): Promise<T> {
    const send = (choice: ConnectionChoice) => work(this.#client(choice));
    const sending = ADMIN_OPERATIONS[operation];
    if (sending === "read") return keycloakConnections.read(send);
    return sending === "own" ? send(OWN_CONNECTION) : keycloakConnections.once(send);
  }

  #client(choice: ConnectionChoice): KeycloakAdminClient {
    const key = choice.session ?? choice;
    const known = this.#clients.get(key);
    if (known) return known;
    const { url, realm, tokens, timeoutMs } = this.#options;
    const client = new KeycloakAdminClient({ baseUrl: url, realmName: realm, requestOptions: choice });
    client.registerTokenProvider(tokens);
    // The client takes no signal a call, but reads `timeout` for each: so it is asked in the caller's own context.
    Object.defineProperty(client, "timeout", { get: () => remainingMs(timeoutMs) });
    this.#clients.set(key, client);
    return client;
  }
}
