/**
 * How a call is sent. `read`: GETs alone, sent again on another connection when theirs turns out to be dead. `once`: it may
 * have changed something. `own`: on a connection of its own, because it costs Keycloak a password's hash, and us a search
 * for the user when its answer is lost.
 */
export type Sending = "read" | "once" | "own";

/** Every operation of the admin REST API that is used, by the name that logs and metrics have for it. */
export const ADMIN_OPERATIONS = {
  count_users: "read",
  evaluate_mappers: "read",
  example_token: "read",
  find_client: "read",
  find_users: "read",
  get_user: "read",
  get_users: "read",
  list_admin_events: "read",
  list_client_sessions: "read",
  list_executions: "read",
  list_mappers: "read",
  list_offline_sessions: "read",
  list_people: "read",
  list_required_actions: "read",
  list_role_mappings: "read",
  list_role_users: "read",
  list_roles: "read",
  list_scope_mappings: "read",
  list_sessions: "read",
  list_user_events: "read",
  probe_server: "read",
  read_events_config: "read",
  read_flow: "read",
  read_flow_config: "read",
  read_mapper: "read",
  read_password: "read",
  read_person: "read",
  read_realm: "read",
  read_role: "read",
  read_server_info: "read",
  read_service_account: "read",
  read_user_profile: "read",
  search_users: "read",
  add_role_mappings: "once",
  add_scope_mapping: "once",
  create_client: "once",
  create_mapper: "once",
  create_realm: "once",
  create_role: "once",
  delete_role_mappings: "once",
  delete_session: "once",
  delete_user: "once",
  sign_out_user: "once",
  update_client: "once",
  update_mapper: "once",
  update_realm: "once",
  update_user: "once",
  update_user_profile: "once",
  create_user: "own",
} as const satisfies Record<string, Sending>;

export type AdminOperation = keyof typeof ADMIN_OPERATIONS;
