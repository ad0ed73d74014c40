import { JWTClaimValidationFailed } from "jose/errors";
import { type KeycloakOptions, keycloakEndpoints } from "./keycloak-options.ts";
import { readIssuer } from "./read-issuer.ts";

/**
 * What tokens must name as `iss`, as far as it is known by now.
 * @see {@link withCurrentIssuer}
 */
export interface IssuerSource {
  readonly current: string;
  /** Asks whether it is another than `seen` by now; never rejects. @returns whether it is */
  recheck(seen: string): Promise<boolean>;
}

/**
 * An issuer that is known for certain: it never changes.
 * @param issuer `iss` of the realm's tokens
 * @see {@link withCurrentIssuer}
 */
export function fixedIssuer(issuer: string): IssuerSource {
  return { current: issuer, recheck: async () => false };
}

/** The realm is asked at most this often, however many tokens name another issuer. */
const COOL_DOWN_MS = 2_000;

interface RealmIssuerParts {
  read?: typeof readIssuer;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/**
 * The `iss` of a realm's tokens. As given, and then nobody is asked; else as the realm's discovery document names it. Until
 * that could be read, what follows from Keycloak's address counts. It is read again when a token with a good signature names
 * another issuer: Keycloak was away before, or its hostname was changed meanwhile.
 * @see {@link withCurrentIssuer}
 */
export class RealmIssuer implements IssuerSource {
  readonly #options: Pick<KeycloakOptions, "url" | "realm" | "issuer" | "timeoutMs">;
  readonly #read: typeof readIssuer;
  readonly #now: () => number;
  #current: string;
  #asking: Promise<void> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;

  constructor(
    options: Pick<KeycloakOptions, "url" | "realm" | "issuer" | "timeoutMs">,
    { read = readIssuer, now = () => performance.now() }: RealmIssuerParts = {},
  ) {
    this.#options = options;
    this.#read = read;
    this.#now = now;
    this.#current = keycloakEndpoints(options).issuer;
  }

  get current(): string {
    return this.#current;
  }

  /** Asks the realm behind the requests. */
  warm(): void {
    if (this.#options.issuer === undefined) void this.#ask();
  }

  async recheck(seen: string): Promise<boolean> {
    const isDue = this.#now() - this.#lastAskedAt >= COOL_DOWN_MS;
    if (this.#options.issuer === undefined && this.#current === seen && (isDue || this.#asking)) await this.#ask();
    return this.#current !== seen;
  }

  #ask(): Promise<void> {
    this.#lastAskedAt = this.#now();
    this.#asking ??= this.#read(this.#options)
      .then((issuer) => {
        this.#current = issuer;
      })
      // What is known stays: without Keycloak there is nothing better.
      .catch(() => {})
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}

/**
 * Verifies a token, and once more where the realm names another issuer by now.
 * @param source what knows the issuer
 * @param verify checks the signature before it reads the issuer, so that only Keycloak's own tokens cause a call
 * @throws what `verify` throws
 * @example
 * ```ts
 * import { fixedIssuer, type IssuerSource, RealmIssuer, withCurrentIssuer } from "@libs/auth-guard/keycloak";
 * import { createLocalJWKSet, jwtVerify } from "jose";
 *
 * const keys = createLocalJWKSet({ keys: [] });
 * const given = process.env.KEYCLOAK_ISSUER;
 * const discovered = new RealmIssuer({ url: "http://keycloak:8080", realm: "app" });
 * const source: IssuerSource = given ? fixedIssuer(given) : discovered;
 * export const { payload } = await withCurrentIssuer(source, (issuer) => jwtVerify("eyJ…", keys, { issuer }));
 * ```
 */
export async function withCurrentIssuer<T>(source: IssuerSource, verify: (issuer: string) => Promise<T>): Promise<T> {
  const seen = source.current;
  try {
    return await verify(seen);
  } catch (error) {
    const isOther = error instanceof JWTClaimValidationFailed && error.claim === "iss";
    if (!isOther || !(await source.recheck(seen))) throw error;
    return await verify(source.current);
  }
}
