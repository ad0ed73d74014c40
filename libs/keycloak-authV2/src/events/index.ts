/** What changes in Keycloak, brought here; and what has changed here, told to sibling services. */
export * from "./outbox/index.ts";
