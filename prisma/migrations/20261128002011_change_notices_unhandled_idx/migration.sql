-- migrate: non-transactional
-- By hand. The age of the oldest change that waits.
CREATE INDEX CONCURRENTLY "change_notices_unhandled_idx" ON "change_notices"((least("changed_at", "created_at"))) WHERE (dead_at IS NULL AND passes = 0);
