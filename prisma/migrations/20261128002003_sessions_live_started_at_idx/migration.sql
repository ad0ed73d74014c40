-- migrate: non-transactional
-- By hand. Pages of live sessions, newest first.
CREATE INDEX CONCURRENTLY "sessions_live_started_at_idx" ON "sessions"("started_at", "session_id") WHERE (ended_at IS NULL);
