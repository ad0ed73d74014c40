-- By hand. When a session's end is checked: the index that the sweep reads must not be one that a refresh has to write, or
-- refreshes would no longer be HOT updates. The default rewrites no row: it makes every session due once, and also those
-- that replicas of the version before start while this one rolls out.
ALTER TABLE "sessions" ADD COLUMN IF NOT EXISTS "expiry_check_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP;
