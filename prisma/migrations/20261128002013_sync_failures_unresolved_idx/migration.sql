-- migrate: non-transactional
-- By hand. Failures of a run that are still open.
CREATE INDEX CONCURRENTLY "sync_failures_unresolved_idx" ON "sync_failures"("run_id") WHERE (resolved_at IS NULL);
