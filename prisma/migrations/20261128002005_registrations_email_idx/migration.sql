-- migrate: non-transactional
-- By hand. A person's registrations are found by their email too.
CREATE INDEX CONCURRENTLY "registrations_email_idx" ON "registrations"(lower("email"));
