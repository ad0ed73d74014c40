-- migrate: non-transactional
-- By hand. Registrations that are left to an operator are listed and counted.
CREATE INDEX CONCURRENTLY "registrations_parked_idx" ON "registrations"("created_at", "id") WHERE (parked_at IS NOT NULL);
