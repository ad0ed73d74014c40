import { randomBytes, randomUUID } from "node:crypto";
import type { SessionTokenSet } from "../ports/ports.ts";

interface Subject {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
}

interface MintOptions {
  now: () => number;
  issuer: string;
  clientId: string;
  accessTokenLifespanSeconds: number;
  ssoSessionIdleSeconds: number;
}

/** Makes tokens that read like Keycloak's; nothing about them is secret or signed, and no real verifier takes them. */
export class TokenMint {
  readonly #options: MintOptions;

  constructor(options: MintOptions) {
    this.#options = options;
  }

  /** 24 characters of base64url, as Keycloak's. */
  sessionId(): string {
    return randomBytes(18).toString("base64url");
  }

  issue(user: Subject, sid: string): SessionTokenSet {
    const { accessTokenLifespanSeconds, ssoSessionIdleSeconds } = this.#options;
    const profile = {
      preferred_username: user.username,
      email: user.email ?? undefined,
      email_verified: user.emailVerified,
      given_name: user.firstName ?? undefined,
      family_name: user.lastName ?? undefined,
    };
    return {
      access_token: this.#token("Bearer", user.id, sid, accessTokenLifespanSeconds, profile),
      expires_in: accessTokenLifespanSeconds,
      refresh_token: this.#token("Refresh", user.id, sid, ssoSessionIdleSeconds, {}),
      refresh_expires_in: ssoSessionIdleSeconds,
      id_token: this.#token("ID", user.id, sid, accessTokenLifespanSeconds, profile),
      token_type: "Bearer",
      session_state: sid,
      scope: "openid email profile",
      "not-before-policy": 0,
    };
  }

  /** What Keycloak sends to a client's back channel. @param sid undefined: every session of the user */
  logoutToken(userId: string | undefined, sid: string | undefined): string {
    return this.#token("Logout", userId, sid, 120, {
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
  }

  #token(typ: string, sub: string | undefined, sid: string | undefined, seconds: number, more: object): string {
    const { now, issuer, clientId } = this.#options;
    const iat = Math.floor(now() / 1000);
    const claims = { exp: iat + seconds, iat, jti: randomUUID(), iss: issuer, aud: clientId, azp: clientId };
    const payload = { ...claims, sub, sid, typ, scope: "openid email profile", ...more };
    return [{ alg: "none", typ: "JWT" }, payload].map(encode).concat("in-memory").join(".");
  }
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

/** @returns the claims of a token of the given `typ`; undefined when it is none of a {@link TokenMint} */
export function readMinted(token: string, typ: string): Record<string, unknown> | undefined {
  const [, payload, signature] = token.split(".");
  if (!payload || signature !== "in-memory") return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return claims.typ === typ ? claims : undefined;
  } catch {
    return undefined;
  }
}
