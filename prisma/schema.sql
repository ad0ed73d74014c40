-- The schema after all migrations, written by libs/database/src/cli/dump.ts. To read, not to run.

CREATE SEQUENCE keycloak_read_tickets AS bigint;

CREATE TABLE activity_logs (
    id bigint NOT NULL DEFAULT nextval('activity_logs_id_seq'::regclass),
    user_id text,
    type text NOT NULL,
    at timestamp(3) with time zone NOT NULL,
    ip_address text,
    user_agent text,
    details jsonb NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT activity_logs_pkey PRIMARY KEY (id)
);
CREATE INDEX activity_logs_user_id_at_idx ON public.activity_logs USING btree (user_id, at);

CREATE TABLE cart_items (
    cart_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    unit_price_minor bigint NOT NULL,
    added_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT cart_items_pkey PRIMARY KEY (cart_id, sku),
    CONSTRAINT cart_items_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT cart_items_unit_price_check CHECK ((unit_price_minor >= 0)),
    CONSTRAINT cart_items_cart_id_fkey FOREIGN KEY (cart_id) REFERENCES carts(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE carts (
    id uuid NOT NULL,
    user_id text NOT NULL,
    store_id text,
    currency character(3) NOT NULL,
    status text NOT NULL DEFAULT 'open'::text,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT carts_pkey PRIMARY KEY (id),
    CONSTRAINT carts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT carts_status_check CHECK ((status = ANY (ARRAY['open'::text, 'ordered'::text, 'abandoned'::text]))),
    CONSTRAINT carts_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores(id) ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT carts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE INDEX carts_store_id_idx ON public.carts USING btree (store_id);
CREATE INDEX carts_user_id_idx ON public.carts USING btree (user_id);

CREATE TABLE change_notices (
    id bigint NOT NULL DEFAULT nextval('change_notices_id_seq'::regclass),
    kind text NOT NULL,
    subject text NOT NULL,
    source text NOT NULL,
    changed_at timestamp(3) with time zone,
    keep_session text,
    version bigint NOT NULL DEFAULT 1,
    passes integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    next_attempt_at timestamp(3) with time zone NOT NULL,
    dead_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT change_notices_pkey PRIMARY KEY (id),
    CONSTRAINT change_notices_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'sessions'::text, 'session'::text, 'credentials'::text, 'removed_credential'::text, 'every_user'::text, 'not_before'::text])))
);
CREATE INDEX change_notices_dead_idx ON public.change_notices USING btree (id) WHERE (dead_at IS NOT NULL);
CREATE INDEX change_notices_due_idx ON public.change_notices USING btree (((source = 'full_look'::text)), next_attempt_at) WHERE (dead_at IS NULL);
CREATE UNIQUE INDEX change_notices_kind_subject_key ON public.change_notices USING btree (kind, subject);
CREATE INDEX change_notices_last_error_idx ON public.change_notices USING btree (last_error) WHERE ((dead_at IS NULL) AND (last_error IS NOT NULL));
CREATE INDEX change_notices_unhandled_idx ON public.change_notices USING btree (LEAST(changed_at, created_at)) WHERE ((dead_at IS NULL) AND (passes = 0));

CREATE TABLE domain_events (
    id bigint NOT NULL DEFAULT nextval('domain_events_id_seq'::regclass),
    user_id text NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}'::jsonb,
    at timestamp(3) with time zone NOT NULL,
    CONSTRAINT domain_events_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX domain_events_user_id_version_key ON public.domain_events USING btree (user_id, version);

CREATE TABLE event_subscriptions (
    name text NOT NULL,
    types text[],
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT event_subscriptions_pkey PRIMARY KEY (name)
);

CREATE TABLE feed_seen_events (
    source text NOT NULL,
    event_id text NOT NULL,
    seen_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT feed_seen_events_pkey PRIMARY KEY (source, event_id)
);
CREATE INDEX feed_seen_events_seen_at_idx ON public.feed_seen_events USING btree (seen_at);

CREATE TABLE idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    registration_id text,
    status integer,
    answer jsonb,
    locked_until timestamp(3) with time zone NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_expires_at_idx ON public.idempotency_keys USING btree (expires_at);
CREATE INDEX idempotency_keys_registration_id_idx ON public.idempotency_keys USING btree (registration_id) WHERE (registration_id IS NOT NULL);

CREATE TABLE keycloak_logouts (
    keycloak_session_id text NOT NULL,
    user_id text NOT NULL,
    reason text NOT NULL,
    offline boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    next_attempt_at timestamp(3) with time zone NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT keycloak_logouts_pkey PRIMARY KEY (keycloak_session_id)
);
CREATE INDEX keycloak_logouts_created_at_idx ON public.keycloak_logouts USING btree (created_at);
CREATE INDEX keycloak_logouts_expires_at_idx ON public.keycloak_logouts USING btree (expires_at);
CREATE INDEX keycloak_logouts_next_attempt_at_idx ON public.keycloak_logouts USING btree (next_attempt_at);
CREATE INDEX keycloak_logouts_user_id_idx ON public.keycloak_logouts USING btree (user_id);

CREATE TABLE leases (
    name text NOT NULL,
    holder text NOT NULL,
    until timestamp(3) with time zone NOT NULL,
    fence bigint NOT NULL DEFAULT 1,
    CONSTRAINT leases_pkey PRIMARY KEY (name)
);

CREATE UNLOGGED TABLE login_locks (
    key character varying(255) NOT NULL,
    until timestamp(3) with time zone NOT NULL,
    holder text NOT NULL,
    CONSTRAINT login_locks_pkey PRIMARY KEY (key)
);

CREATE TABLE order_items (
    order_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    unit_price_minor bigint NOT NULL,
    CONSTRAINT order_items_pkey PRIMARY KEY (order_id, sku),
    CONSTRAINT order_items_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT order_items_unit_price_check CHECK ((unit_price_minor >= 0)),
    CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE orders (
    id uuid NOT NULL,
    user_id text NOT NULL,
    store_id text,
    cart_id uuid,
    currency character(3) NOT NULL,
    total_minor bigint NOT NULL,
    status text NOT NULL DEFAULT 'placed'::text,
    placed_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT orders_status_check CHECK ((status = ANY (ARRAY['placed'::text, 'paid'::text, 'shipped'::text, 'cancelled'::text]))),
    CONSTRAINT orders_total_check CHECK ((total_minor >= 0)),
    CONSTRAINT orders_cart_id_fkey FOREIGN KEY (cart_id) REFERENCES carts(id) ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT orders_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores(id) ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE UNIQUE INDEX orders_cart_id_key ON public.orders USING btree (cart_id);
CREATE INDEX orders_store_id_placed_at_idx ON public.orders USING btree (store_id, placed_at);
CREATE INDEX orders_user_id_placed_at_idx ON public.orders USING btree (user_id, placed_at);

CREATE TABLE organizations (
    id text NOT NULL,
    name text NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT organizations_pkey PRIMARY KEY (id)
);

CREATE TABLE permissions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT permissions_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX permissions_name_key ON public.permissions USING btree (name);
CREATE TRIGGER permissions_tell AFTER UPDATE OF name ON public.permissions FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE TABLE products (
    store_id text NOT NULL,
    sku text NOT NULL,
    currency character(3) NOT NULL,
    name text NOT NULL,
    unit_price_minor bigint NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT products_pkey PRIMARY KEY (store_id, sku, currency),
    CONSTRAINT products_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT products_unit_price_check CHECK (((unit_price_minor >= 0) AND (unit_price_minor <= '9007199254740991'::bigint))),
    CONSTRAINT products_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores(id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE rate_limits (
    key character varying(255) NOT NULL,
    points integer NOT NULL DEFAULT 0,
    expire bigint,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);
CREATE INDEX rate_limits_expire_idx ON public.rate_limits USING btree (expire);

CREATE TABLE registrations (
    id text NOT NULL,
    state text NOT NULL DEFAULT 'pending'::text,
    username text NOT NULL,
    email text,
    profile jsonb NOT NULL,
    keycloak_user_id text,
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    idempotency_key text,
    request_fingerprint text,
    next_attempt_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    lost_until timestamp(3) with time zone,
    parked_at timestamp(3) with time zone,
    CONSTRAINT registrations_pkey PRIMARY KEY (id),
    CONSTRAINT registrations_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'completed'::text, 'failed'::text, 'undoing'::text, 'undone'::text])))
);
CREATE INDEX registrations_due_idx ON public.registrations USING btree (next_attempt_at) WHERE ((parked_at IS NULL) AND (next_attempt_at IS NOT NULL));
CREATE INDEX registrations_email_idx ON public.registrations USING btree (lower(email));
CREATE INDEX registrations_finished_updated_at_idx ON public.registrations USING btree (updated_at) WHERE (state = ANY (ARRAY['completed'::text, 'failed'::text, 'undone'::text]));
CREATE INDEX registrations_idempotency_key_idx ON public.registrations USING btree (idempotency_key);
CREATE INDEX registrations_keycloak_user_id_idx ON public.registrations USING btree (keycloak_user_id) WHERE (keycloak_user_id IS NOT NULL);
CREATE INDEX registrations_parked_idx ON public.registrations USING btree (created_at, id) WHERE (parked_at IS NOT NULL);
CREATE INDEX registrations_unfinished_email_idx ON public.registrations USING btree (lower(email)) WHERE (state = ANY (ARRAY['pending'::text, 'undoing'::text]));
CREATE INDEX registrations_unfinished_updated_at_idx ON public.registrations USING btree (updated_at) WHERE (state = ANY (ARRAY['pending'::text, 'undoing'::text]));
CREATE INDEX registrations_unfinished_username_idx ON public.registrations USING btree (lower(username)) WHERE (state = ANY (ARRAY['pending'::text, 'undoing'::text]));

CREATE TABLE role_permissions (
    role_id uuid NOT NULL,
    permission_id uuid NOT NULL,
    CONSTRAINT role_permissions_pkey PRIMARY KEY (role_id, permission_id),
    CONSTRAINT role_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES permissions(id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT role_permissions_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX role_permissions_permission_id_idx ON public.role_permissions USING btree (permission_id);
CREATE TRIGGER role_permissions_tell AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.role_permissions FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE TABLE roles (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT roles_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX roles_name_key ON public.roles USING btree (name);

CREATE UNLOGGED TABLE scan_seen (
    run_id uuid NOT NULL,
    user_id text NOT NULL,
    CONSTRAINT scan_seen_pkey PRIMARY KEY (run_id, user_id)
);

CREATE TABLE sessions (
    session_id text NOT NULL,
    user_id text NOT NULL,
    keycloak_session_id text NOT NULL,
    access_token text STORAGE EXTERNAL,
    refresh_token text STORAGE EXTERNAL,
    id_token text STORAGE EXTERNAL,
    refresh_token_hash text,
    previous_refresh_token_hash text,
    refreshed_at timestamp(3) with time zone,
    token_expires_at timestamp(3) with time zone NOT NULL,
    refresh_expires_at timestamp(3) with time zone,
    ip_address text,
    user_agent text,
    started_at timestamp(3) with time zone NOT NULL,
    last_seen_at timestamp(3) with time zone NOT NULL,
    ended_at timestamp(3) with time zone,
    end_reason text,
    refresh_fence bigint NOT NULL DEFAULT 0,
    refresh_lease_until timestamp(3) with time zone,
    offline boolean,
    kept_as_of timestamp(3) with time zone,
    tokens_issued_at timestamp(3) with time zone,
    expiry_check_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT sessions_pkey PRIMARY KEY (session_id),
    CONSTRAINT sessions_end_check CHECK (((ended_at IS NULL) = (end_reason IS NULL))),
    CONSTRAINT sessions_tokens_check CHECK (
CASE
    WHEN (ended_at IS NULL) THEN (access_token IS NOT NULL)
    ELSE ((access_token IS NULL) AND (refresh_token IS NULL) AND (id_token IS NULL))
END),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE CASCADE
) WITH (fillfactor=70);
CREATE INDEX sessions_ended_at_idx ON public.sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX sessions_ended_started_at_idx ON public.sessions USING btree (started_at, session_id) WHERE (ended_at IS NOT NULL);
CREATE INDEX sessions_expiry_check_at_idx ON public.sessions USING btree (expiry_check_at) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX sessions_keycloak_session_id_key ON public.sessions USING btree (keycloak_session_id);
CREATE INDEX sessions_live_started_at_idx ON public.sessions USING btree (started_at, session_id) WHERE (ended_at IS NULL);
CREATE INDEX sessions_live_user_id_session_id_idx ON public.sessions USING btree (user_id, session_id) WHERE (ended_at IS NULL);
CREATE INDEX sessions_user_id_idx ON public.sessions USING btree (user_id);
CREATE TRIGGER sessions_tell_ended AFTER UPDATE OF ended_at ON public.sessions FOR EACH ROW WHEN (((old.ended_at IS NULL) AND (new.ended_at IS NOT NULL))) EXECUTE FUNCTION tell_guards_session_ended();
CREATE TRIGGER sessions_tell_removed AFTER DELETE ON public.sessions FOR EACH ROW WHEN ((old.ended_at IS NULL)) EXECUTE FUNCTION tell_guards_session_ended();
CREATE TRIGGER sessions_tell_truncated AFTER TRUNCATE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE TABLE spent_refresh_tokens (
    session_id text NOT NULL,
    token_hash text NOT NULL,
    spent_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT spent_refresh_tokens_pkey PRIMARY KEY (session_id, token_hash),
    CONSTRAINT spent_refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(session_id) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE stores (
    id text NOT NULL,
    organization_id text,
    name text NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT stores_pkey PRIMARY KEY (id),
    CONSTRAINT stores_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE INDEX stores_organization_id_idx ON public.stores USING btree (organization_id);
CREATE TRIGGER stores_tell AFTER UPDATE OF organization_id ON public.stores FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE TABLE sync_cursors (
    source text NOT NULL,
    "position" jsonb NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT sync_cursors_pkey PRIMARY KEY (source)
);

CREATE TABLE sync_failures (
    id bigint NOT NULL DEFAULT nextval('sync_failures_id_seq'::regclass),
    run_id uuid,
    user_id text NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    failed_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    resolved_at timestamp(3) with time zone,
    CONSTRAINT sync_failures_pkey PRIMARY KEY (id),
    CONSTRAINT sync_failures_run_id_fkey FOREIGN KEY (run_id) REFERENCES sync_runs(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX sync_failures_run_id_idx ON public.sync_failures USING btree (run_id);
CREATE INDEX sync_failures_unresolved_idx ON public.sync_failures USING btree (run_id) WHERE (resolved_at IS NULL);
CREATE INDEX sync_failures_user_id_idx ON public.sync_failures USING btree (user_id);

CREATE TABLE sync_runs (
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'running'::text,
    "position" jsonb NOT NULL DEFAULT '{}'::jsonb,
    counts jsonb NOT NULL DEFAULT '{}'::jsonb,
    last_error text,
    started_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at timestamp(3) with time zone,
    CONSTRAINT sync_runs_pkey PRIMARY KEY (id),
    CONSTRAINT sync_runs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'finished'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE INDEX sync_runs_kind_started_at_idx ON public.sync_runs USING btree (kind, started_at);

CREATE TABLE user_count_changes (
    id bigint NOT NULL DEFAULT nextval('user_count_changes_id_seq'::regclass),
    live integer NOT NULL,
    enabled integer NOT NULL,
    email_verified integer NOT NULL,
    CONSTRAINT user_count_changes_pkey PRIMARY KEY (id)
);

CREATE TABLE user_roles (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id text,
    grantee_email text,
    role_id uuid NOT NULL,
    store_id text,
    organization_id text,
    granted_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    granted_by text,
    CONSTRAINT user_roles_pkey PRIMARY KEY (id),
    CONSTRAINT user_roles_grantee_check CHECK ((num_nonnulls(user_id, grantee_email) = 1)),
    CONSTRAINT user_roles_scope_check CHECK ((num_nonnulls(store_id, organization_id) <= 1)),
    CONSTRAINT user_roles_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT user_roles_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT user_roles_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores(id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_roles_grant_key ON public.user_roles USING btree (COALESCE(user_id, ''::text), lower(COALESCE(grantee_email, ''::text)), role_id, COALESCE(store_id, ''::text), COALESCE(organization_id, ''::text));
CREATE INDEX user_roles_grantee_email_idx ON public.user_roles USING btree (lower(grantee_email)) WHERE (grantee_email IS NOT NULL);
CREATE INDEX user_roles_organization_id_idx ON public.user_roles USING btree (organization_id);
CREATE INDEX user_roles_role_id_idx ON public.user_roles USING btree (role_id);
CREATE INDEX user_roles_store_id_idx ON public.user_roles USING btree (store_id);
CREATE INDEX user_roles_user_id_idx ON public.user_roles USING btree (user_id);
CREATE TRIGGER user_roles_tell_added AFTER INSERT ON public.user_roles REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_grants_added();
CREATE TRIGGER user_roles_tell_changed AFTER UPDATE ON public.user_roles REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_grants_changed();
CREATE TRIGGER user_roles_tell_removed AFTER DELETE ON public.user_roles REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_grants_removed();
CREATE TRIGGER user_roles_tell_truncated AFTER TRUNCATE ON public.user_roles FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE TABLE users (
    id text NOT NULL,
    username text NOT NULL,
    email text,
    first_name text,
    last_name text,
    email_verified boolean NOT NULL DEFAULT false,
    enabled boolean NOT NULL DEFAULT true,
    store_id text,
    organization_id text,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    last_login_at timestamp(3) with time zone,
    login_count integer NOT NULL DEFAULT 0,
    synced_at timestamp(3) with time zone NOT NULL,
    created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at timestamp(3) with time zone,
    event_version bigint NOT NULL DEFAULT 0,
    keycloak_ticket bigint NOT NULL DEFAULT 0,
    keycloak_created_at timestamp(3) with time zone,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_login_count_check CHECK ((login_count >= 0)),
    CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT users_store_id_fkey FOREIGN KEY (store_id) REFERENCES stores(id) ON UPDATE CASCADE ON DELETE RESTRICT
) WITH (fillfactor=80);
CREATE INDEX users_deleted_at_idx ON public.users USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE UNIQUE INDEX users_email_key ON public.users USING btree (lower(email)) WHERE (deleted_at IS NULL);
CREATE INDEX users_keycloak_created_at_idx ON public.users USING btree (keycloak_created_at, id) WHERE ((keycloak_created_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX users_organization_id_idx ON public.users USING btree (organization_id);
CREATE INDEX users_store_id_idx ON public.users USING btree (store_id);
CREATE UNIQUE INDEX users_username_key ON public.users USING btree (lower(username)) WHERE (deleted_at IS NULL);
CREATE TRIGGER users_count_added AFTER INSERT ON public.users REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_users_added();
CREATE TRIGGER users_count_changed AFTER UPDATE OF enabled, email_verified, deleted_at ON public.users FOR EACH ROW WHEN ((((old.enabled IS DISTINCT FROM new.enabled) OR (old.email_verified IS DISTINCT FROM new.email_verified)) OR ((old.deleted_at IS NULL) IS DISTINCT FROM (new.deleted_at IS NULL)))) EXECUTE FUNCTION count_user_changed();
CREATE TRIGGER users_count_removed AFTER DELETE ON public.users REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_users_removed();
CREATE TRIGGER users_count_truncated AFTER TRUNCATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION count_users_truncated();
CREATE TRIGGER users_tell_changed AFTER UPDATE OF enabled, deleted_at, store_id, organization_id ON public.users FOR EACH ROW WHEN (((((old.enabled IS DISTINCT FROM new.enabled) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.store_id IS DISTINCT FROM new.store_id)) OR (old.organization_id IS DISTINCT FROM new.organization_id))) EXECUTE FUNCTION tell_guards_user_changed();
CREATE TRIGGER users_tell_removed AFTER DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION tell_guards_user_changed();
CREATE TRIGGER users_tell_truncated AFTER TRUNCATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION tell_guards_everything();

CREATE OR REPLACE FUNCTION public.count_user_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
DECLARE
    was INTEGER := (OLD.deleted_at IS NULL)::int;
    is_now INTEGER := (NEW.deleted_at IS NULL)::int;
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    VALUES (is_now - was, is_now * NEW.enabled::int - was * OLD.enabled::int,
        is_now * NEW.email_verified::int - was * OLD.email_verified::int);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.count_users_added()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    SELECT count(*), count(*) FILTER (WHERE enabled), count(*) FILTER (WHERE email_verified)
    FROM new_rows WHERE deleted_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.count_users_removed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    SELECT -count(*), -count(*) FILTER (WHERE enabled), -count(*) FILTER (WHERE email_verified)
    FROM old_rows WHERE deleted_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.count_users_truncated()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
BEGIN
    DELETE FROM user_count_changes;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards(kind text, ids text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
    payload TEXT := jsonb_build_object('kind', kind, 'ids', to_jsonb(ids))::text;
BEGIN
    IF ids IS NULL OR cardinality(ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM pg_notify('guard_changes', CASE WHEN octet_length(payload) < 7900 THEN payload ELSE '{"kind": "everything"}' END);
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_everything()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM pg_notify('guard_changes', '{"kind": "everything"}');
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_grants_added()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(DISTINCT user_id) FROM new_rows WHERE user_id IS NOT NULL));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_grants_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(user_id) FROM
        (SELECT user_id FROM old_rows UNION SELECT user_id FROM new_rows) AS changed WHERE user_id IS NOT NULL));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_grants_removed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(DISTINCT user_id) FROM old_rows WHERE user_id IS NOT NULL));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_session_ended()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM tell_guards('sessions', ARRAY[OLD.keycloak_session_id]);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tell_guards_user_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM tell_guards('users', ARRAY[OLD.id]);
    RETURN NULL;
END $function$
;
