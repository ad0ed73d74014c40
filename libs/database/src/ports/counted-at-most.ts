/**
 * What waits is counted no further: a count of a queue must not cost more the longer the queue is. A larger backlog shows as
 * this number.
 * @see {@link KeycloakLogoutRepository}
 */
export const COUNTED_AT_MOST = 10_000;
