-- migrate: non-transactional
-- By hand. Keys of a registration that is removed.
CREATE INDEX CONCURRENTLY "idempotency_keys_registration_id_idx" ON "idempotency_keys"("registration_id") WHERE (registration_id IS NOT NULL);
