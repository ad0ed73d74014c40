-- migrate: non-transactional
-- By hand. Pages of ended sessions, newest first.
CREATE INDEX CONCURRENTLY "sessions_ended_started_at_idx" ON "sessions"("started_at", "session_id") WHERE (ended_at IS NOT NULL);
