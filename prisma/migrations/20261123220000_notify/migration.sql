-- By hand: what guards keep in memory is told when it changes, on the channel `guard_changes`, with the commit itself.
-- Payload: {"kind": "sessions" | "users", "ids": […]} or {"kind": "everything"}; at most 8000 bytes, PostgreSQL's limit.

CREATE FUNCTION "tell_guards"("kind" TEXT, "ids" TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    payload TEXT := jsonb_build_object('kind', kind, 'ids', to_jsonb(ids))::text;
BEGIN
    IF ids IS NULL OR cardinality(ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM pg_notify('guard_changes', CASE WHEN octet_length(payload) < 7900 THEN payload ELSE '{"kind": "everything"}' END);
END $$;

CREATE FUNCTION "tell_guards_session_ended"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_guards('sessions', ARRAY[OLD.keycloak_session_id]);
    RETURN NULL;
END $$;

CREATE FUNCTION "tell_guards_user_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_guards('users', ARRAY[OLD.id]);
    RETURN NULL;
END $$;

CREATE FUNCTION "tell_guards_grants_added"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(DISTINCT user_id) FROM new_rows WHERE user_id IS NOT NULL));
    RETURN NULL;
END $$;

CREATE FUNCTION "tell_guards_grants_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(user_id) FROM
        (SELECT user_id FROM old_rows UNION SELECT user_id FROM new_rows) AS changed WHERE user_id IS NOT NULL));
    RETURN NULL;
END $$;

CREATE FUNCTION "tell_guards_grants_removed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_guards('users', (SELECT array_agg(DISTINCT user_id) FROM old_rows WHERE user_id IS NOT NULL));
    RETURN NULL;
END $$;

CREATE FUNCTION "tell_guards_everything"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('guard_changes', '{"kind": "everything"}');
    RETURN NULL;
END $$;

-- A row each, and only where the statement names the column: a refresh, the most frequent write, pays nothing.
CREATE TRIGGER "sessions_tell_ended" AFTER UPDATE OF "ended_at" ON "sessions"
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION "tell_guards_session_ended"();
CREATE TRIGGER "sessions_tell_removed" AFTER DELETE ON "sessions"
    FOR EACH ROW WHEN (OLD.ended_at IS NULL) EXECUTE FUNCTION "tell_guards_session_ended"();
CREATE TRIGGER "users_tell_changed" AFTER UPDATE OF "enabled", "deleted_at", "store_id", "organization_id" ON "users"
    FOR EACH ROW WHEN ((OLD.enabled, OLD.deleted_at, OLD.store_id, OLD.organization_id)
        IS DISTINCT FROM (NEW.enabled, NEW.deleted_at, NEW.store_id, NEW.organization_id))
    EXECUTE FUNCTION "tell_guards_user_changed"();
CREATE TRIGGER "users_tell_removed" AFTER DELETE ON "users"
    FOR EACH ROW EXECUTE FUNCTION "tell_guards_user_changed"();

-- One notification a statement.
CREATE TRIGGER "user_roles_tell_added" AFTER INSERT ON "user_roles"
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_grants_added"();
CREATE TRIGGER "user_roles_tell_changed" AFTER UPDATE ON "user_roles"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_grants_changed"();
CREATE TRIGGER "user_roles_tell_removed" AFTER DELETE ON "user_roles"
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_grants_removed"();

-- Seldom, and of many users at once.
CREATE TRIGGER "role_permissions_tell" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "role_permissions"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
CREATE TRIGGER "permissions_tell" AFTER UPDATE OF "name" ON "permissions"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
CREATE TRIGGER "stores_tell" AFTER UPDATE OF "organization_id" ON "stores"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
CREATE TRIGGER "sessions_tell_truncated" AFTER TRUNCATE ON "sessions"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
CREATE TRIGGER "users_tell_truncated" AFTER TRUNCATE ON "users"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
CREATE TRIGGER "user_roles_tell_truncated" AFTER TRUNCATE ON "user_roles"
    FOR EACH STATEMENT EXECUTE FUNCTION "tell_guards_everything"();
