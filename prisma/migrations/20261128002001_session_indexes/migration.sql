-- By hand. One pass over "sessions" for each index; writes to the table wait meanwhile. Where that is too long, an operator
-- builds them before, CONCURRENTLY: docs/operations.md.

-- What a build that was cut short has left is no index.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN
        SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid AND indexrelid IN (
            to_regclass('sessions_expiry_check_at_idx'), to_regclass('sessions_live_user_id_session_id_idx'),
            to_regclass('sessions_live_started_at_idx'), to_regclass('sessions_ended_started_at_idx'))
    LOOP
        EXECUTE 'DROP INDEX ' || name;
    END LOOP;
END $$;

CREATE INDEX IF NOT EXISTS "sessions_expiry_check_at_idx" ON "sessions"("expiry_check_at") WHERE (ended_at IS NULL);
CREATE INDEX IF NOT EXISTS "sessions_live_user_id_session_id_idx" ON "sessions"("user_id", "session_id") WHERE (ended_at IS NULL);
CREATE INDEX IF NOT EXISTS "sessions_live_started_at_idx" ON "sessions"("started_at", "session_id") WHERE (ended_at IS NULL);
CREATE INDEX IF NOT EXISTS "sessions_ended_started_at_idx" ON "sessions"("started_at", "session_id") WHERE (ended_at IS NOT NULL);
