-- migrate: non-transactional
-- By hand. Postponed notices are counted by their error.
CREATE INDEX CONCURRENTLY "change_notices_last_error_idx" ON "change_notices"("last_error") WHERE (dead_at IS NULL AND last_error IS NOT NULL);
