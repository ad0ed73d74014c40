/** The guard for services on Elysia: that of `@libs/auth-guard`. */
export * from "@libs/auth-guard";
