/** What a route asks of its caller. */
export interface GuardRules {
  /** Realm roles by name (`:name` where it has a colon), client roles as `client:role`: one of them is enough. */
  roles: readonly string[];
  /** `resource:action`, all of them needed: everywhere, or in the route's store or organization. */
  permissions: readonly string[];
  /** Longest time since the session's start; undefined: any. Seconds. */
  maxAuthAgeSeconds?: number;
  /** Whether service accounts are let in. */
  serviceAccounts: boolean;
}
