import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { SetupError } from "@libs/problems";

/** How a connection is made, one way after another where the first is refused. */
export interface TlsSettings {
  /** `tls` and `plain` in the order in which they are tried. */
  ways: readonly ("tls" | "plain")[];
  /** The handshake begins at once, without asking the server first (PostgreSQL 17). */
  direct: boolean;
  /** For `tls.connect`. */
  options: ConnectionOptions;
}

export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;
type SslMode = (typeof SSL_MODES)[number];

/** Whatever it is given, none of it would be checked. */
const NOT_SUPPORTED = ["sslcrl", "sslcrldir", "requirepeer", "require_auth"];

/**
 * `sslmode` and what goes with it, with libpq's meaning: `require` encrypts and asks for no trust unless a root
 * certificate is named, `verify-ca` asks for the certificate's chain, `verify-full` for its names too, and `prefer` (the
 * default) and `allow` take what the server offers. `no-verify` is node-postgres's own. Unlike libpq, `verify-full`
 * without `sslrootcert` trusts the system's roots, and no file in `~/.postgresql` is read.
 * @param parameters of a database URL
 * @param env for libpq's variables `PGSSLMODE`, `PGSSLROOTCERT`, `PGSSLCERT` and `PGSSLKEY`
 * @throws SetupError with one sentence that follows the variable's name: nothing of the value is in it but the mode
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export function readTlsSettings(parameters: URLSearchParams, env: Record<string, string | undefined>): TlsSettings {
  const value = (name: string) => parameters.get(name) || env[`PG${name.toUpperCase()}`] || undefined;
  const unsupported = NOT_SUPPORTED.find((name) => parameters.get(name));
  if (unsupported) throw new SetupError("setup.invalid", `has ${unsupported}, which is not supported: take it out`);
  if (parameters.get("channel_binding") === "require")
    throw new SetupError("setup.invalid", "has channel_binding=require, which is not supported: take it out");
  const mode = sslMode(parameters, value("sslmode"));
  const direct = value("sslnegotiation") === "direct";
  if (direct && WAYS[mode].includes("plain"))
    throw new SetupError("setup.invalid", `has sslnegotiation=direct, which needs sslmode=require or stronger`);
  const root = value("sslrootcert");
  if (mode === "verify-ca" && (!root || root === "system"))
    throw new SetupError(
      "setup.invalid",
      "has sslmode=verify-ca without the CA's file in sslrootcert: name it, or use sslmode=verify-full",
    );
  const ca = root && root !== "system" ? file("sslrootcert", root) : undefined;
  const isFull = mode === "verify-full" || root === "system";
  const isVerified = mode !== "no-verify" && (isFull || ca !== undefined);
  return {
    ways: root === "system" ? ["tls"] : WAYS[mode],
    direct,
    options: {
      ...(ca !== undefined && { ca }),
      ...certificate(value),
      ...versions(value),
      rejectUnauthorized: isVerified,
      ...(!isFull && { checkServerIdentity: () => undefined }),
    },
  };
}

const WAYS: Record<SslMode, TlsSettings["ways"]> = {
  disable: ["plain"],
  allow: ["plain", "tls"],
  prefer: ["tls", "plain"],
  require: ["tls"],
  "verify-ca": ["tls"],
  "verify-full": ["tls"],
  "no-verify": ["tls"],
};

/** `ssl` is node-postgres's own parameter. */
function sslMode(parameters: URLSearchParams, given: string | undefined): SslMode {
  const ssl = parameters.get("ssl");
  const mode = given ?? (ssl && (SSL_VALUES[ssl] ?? ssl)) ?? "prefer";
  const known = SSL_MODES.find((name) => name === (mode || "prefer"));
  if (!known)
    throw new SetupError("setup.invalid", `has an unknown sslmode: it must be one of ${SSL_MODES.join(", ")}`);
  return known;
}

const SSL_VALUES: Record<string, SslMode> = {
  true: "verify-full",
  "1": "verify-full",
  false: "disable",
  "0": "disable",
};

function certificate(value: (name: string) => string | undefined): ConnectionOptions {
  const [cert, key] = [value("sslcert"), value("sslkey")];
  const passphrase = value("sslpassword");
  return {
    ...(cert && { cert: file("sslcert", cert) }),
    ...(key && { key: file("sslkey", key) }),
    ...(passphrase && { passphrase }),
  };
}

function versions(value: (name: string) => string | undefined): ConnectionOptions {
  const [minVersion, maxVersion] = ["ssl_min_protocol_version", "ssl_max_protocol_version"].map((name) => {
    const version = value(name);
    if (version && version !== "TLSv1.2" && version !== "TLSv1.3")
      throw new SetupError("setup.invalid", `has ${name}: TLSv1.2 or TLSv1.3`);
    return version as "TLSv1.2" | "TLSv1.3" | undefined;
  });
  return { ...(minVersion && { minVersion }), ...(maxVersion && { maxVersion }) };
}

function file(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError("setup.invalid", `names a file in ${name} that can't be read (${code ?? "no code"})`);
  }
}
