-- migrate: non-transactional
-- By hand. The expiry sweep reads what is due.
CREATE INDEX CONCURRENTLY "sessions_expiry_check_at_idx" ON "sessions"("expiry_check_at") WHERE (ended_at IS NULL);
