/**
 * Hears of every call to Keycloak when it is over.
 * @param operation what was called, from a fixed list (`password_grant`, `create_user` …)
 * @param outcome `success` or an error code of the catalogue
 * @param seconds how long it took
 * @see {@link createKeycloakAdapters}
 */
export type CallObserver = (operation: string, outcome: string, seconds: number) => void;
