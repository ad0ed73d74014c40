-- AlterTable
-- An operator may have added it before, to build the index of the next migration without its lock.
ALTER TABLE "users" ADD COLUMN IF NOT EXISTS "keycloak_created_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "user_count_changes" (
    "id" BIGSERIAL NOT NULL,
    "live" INTEGER NOT NULL,
    "enabled" INTEGER NOT NULL,
    "email_verified" INTEGER NOT NULL,

    CONSTRAINT "user_count_changes_pkey" PRIMARY KEY ("id")
);


-- From here on by hand.

-- How many live users there are is kept, not counted: each change writes what it adds, and the sum of all rows is the
-- count. Rows are only added here, so that no two writers wait for each other; a reader makes one row of many.
CREATE FUNCTION "count_users_added"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    SELECT count(*), count(*) FILTER (WHERE enabled), count(*) FILTER (WHERE email_verified)
    FROM new_rows WHERE deleted_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION "count_user_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was INTEGER := (OLD.deleted_at IS NULL)::int;
    is_now INTEGER := (NEW.deleted_at IS NULL)::int;
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    VALUES (is_now - was, is_now * NEW.enabled::int - was * OLD.enabled::int,
        is_now * NEW.email_verified::int - was * OLD.email_verified::int);
    RETURN NULL;
END $$;

CREATE FUNCTION "count_users_removed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_count_changes (live, enabled, email_verified)
    SELECT -count(*), -count(*) FILTER (WHERE enabled), -count(*) FILTER (WHERE email_verified)
    FROM old_rows WHERE deleted_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION "count_users_truncated"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM user_count_changes;
    RETURN NULL;
END $$;

-- They write with the rights of their owner: an account that only uses the tables was granted its rights before this one
-- was made, and programs of before go on meanwhile. So they see this schema alone, and nobody may put them elsewhere.
DO $$
DECLARE
    counter TEXT;
BEGIN
    FOREACH counter IN ARRAY ARRAY['count_users_added', 'count_user_changed', 'count_users_removed', 'count_users_truncated']
    LOOP
        EXECUTE format('ALTER FUNCTION %I.%I() SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp',
            current_schema(), counter, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %I.%I() FROM PUBLIC', current_schema(), counter);
    END LOOP;
END $$;

CREATE TRIGGER "users_count_added" AFTER INSERT ON "users"
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "count_users_added"();
-- A row each, and only where the statement names the column: a login pays nothing.
CREATE TRIGGER "users_count_changed" AFTER UPDATE OF "enabled", "email_verified", "deleted_at" ON "users"
    FOR EACH ROW WHEN ((OLD.enabled, OLD.email_verified, OLD.deleted_at IS NULL)
        IS DISTINCT FROM (NEW.enabled, NEW.email_verified, NEW.deleted_at IS NULL))
    EXECUTE FUNCTION "count_user_changed"();
CREATE TRIGGER "users_count_removed" AFTER DELETE ON "users"
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "count_users_removed"();
CREATE TRIGGER "users_count_truncated" AFTER TRUNCATE ON "users"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_users_truncated"();
