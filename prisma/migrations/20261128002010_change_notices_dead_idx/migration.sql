-- migrate: non-transactional
-- By hand. Dead letters are listed and counted.
CREATE INDEX CONCURRENTLY "change_notices_dead_idx" ON "change_notices"("id") WHERE (dead_at IS NOT NULL);
