-- By hand.

-- A change of many users that names none of them: an organization, a federation, the realm's settings.
ALTER TABLE "feed_hints" DROP CONSTRAINT "feed_hints_kind_check",
ADD CONSTRAINT "feed_hints_kind_check" CHECK ("kind" IN ('user', 'sessions', 'session', 'credentials', 'every_user'));
