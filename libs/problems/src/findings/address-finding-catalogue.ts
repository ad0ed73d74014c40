import { type CatalogueEntry, IF_MEANT, note, warning } from "./catalogue-entry.ts";

/** Findings about the addresses that sessions come from. */
export const addressFindingCatalogue = {
  "sessions.one_address": warning(
    "many people's sessions of the last 24 hours come from the same internal address, as if from a proxy that is not listed: all of them share one limit",
    "name the proxy in TRUSTED_PROXIES, and its header in TRUSTED_PROXY_HEADER: docs/operations.md, Behind a proxy",
  ),
  "sessions.one_public_address": note(
    "many people's sessions of the last 24 hours come from the same public address: an office, or a proxy that is not listed",
    `${IF_MEANT}; else name the proxy in TRUSTED_PROXIES: docs/operations.md, Behind a proxy`,
  ),
  "sessions.one_address_in_keycloak": warning(
    "Keycloak sees the same address for many people: its brute-force protection and its events see the gateway, or a proxy, instead of them",
    "let Keycloak read X-Forwarded-For of the gateway (proxy-headers=xforwarded, proxy-trusted-addresses): docs/operations.md, Behind a proxy",
  ),
} satisfies Record<string, CatalogueEntry>;
