-- migrate: non-transactional
-- By hand. Logouts that were given up are removed.
CREATE INDEX CONCURRENTLY "keycloak_logouts_expires_at_idx" ON "keycloak_logouts"("expires_at");
