-- By hand. The new indexes of sessions serve what these did, for replicas of the version before too. In a migration of its
-- own: dropping locks the table for a moment, and must not hold that lock while an index is built.
DROP INDEX IF EXISTS "sessions_live_user_id_idx";
DROP INDEX IF EXISTS "sessions_started_at_idx";
