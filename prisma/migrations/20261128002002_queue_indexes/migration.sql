-- By hand: an index for each statement that read a whole table which grows.

-- What a build that was cut short has left is no index.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('registrations_email_idx') AND NOT indisvalid) THEN
        DROP INDEX "registrations_email_idx";
    END IF;
END $$;

CREATE INDEX IF NOT EXISTS "registrations_email_idx" ON "registrations"(lower("email"));
CREATE INDEX IF NOT EXISTS "registrations_parked_idx" ON "registrations"("created_at", "id") WHERE (parked_at IS NOT NULL);

CREATE INDEX IF NOT EXISTS "keycloak_logouts_expires_at_idx" ON "keycloak_logouts"("expires_at");
CREATE INDEX IF NOT EXISTS "keycloak_logouts_created_at_idx" ON "keycloak_logouts"("created_at");

CREATE INDEX IF NOT EXISTS "idempotency_keys_registration_id_idx" ON "idempotency_keys"("registration_id") WHERE (registration_id IS NOT NULL);

CREATE INDEX IF NOT EXISTS "change_notices_dead_idx" ON "change_notices"("id") WHERE (dead_at IS NOT NULL);
CREATE INDEX IF NOT EXISTS "change_notices_unhandled_idx" ON "change_notices"((least("changed_at", "created_at"))) WHERE (dead_at IS NULL AND passes = 0);
CREATE INDEX IF NOT EXISTS "change_notices_last_error_idx" ON "change_notices"("last_error") WHERE (dead_at IS NULL AND last_error IS NOT NULL);

CREATE INDEX IF NOT EXISTS "sync_failures_unresolved_idx" ON "sync_failures"("run_id") WHERE (resolved_at IS NULL);
