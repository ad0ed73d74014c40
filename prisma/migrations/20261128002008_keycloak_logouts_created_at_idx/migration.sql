-- migrate: non-transactional
-- By hand. The age of the oldest waiting logout.
CREATE INDEX CONCURRENTLY "keycloak_logouts_created_at_idx" ON "keycloak_logouts"("created_at");
