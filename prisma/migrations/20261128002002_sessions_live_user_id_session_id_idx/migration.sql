-- migrate: non-transactional
-- By hand. Pages of everybody's live sessions; also those of one user.
CREATE INDEX CONCURRENTLY "sessions_live_user_id_session_id_idx" ON "sessions"("user_id", "session_id") WHERE (ended_at IS NULL);
