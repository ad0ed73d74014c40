-- By hand: the users that were there before their changes were counted. One snapshot, beside what has been counted since;
-- it locks nothing.
INSERT INTO "user_count_changes" ("live", "enabled", "email_verified")
SELECT users.live - changes.live, users.enabled - changes.enabled, users.email_verified - changes.email_verified
FROM (
    SELECT count(*) AS live, count(*) FILTER (WHERE "enabled") AS enabled,
        count(*) FILTER (WHERE "email_verified") AS email_verified
    FROM "users" WHERE "deleted_at" IS NULL
) AS users, (
    SELECT coalesce(sum("live"), 0) AS live, coalesce(sum("enabled"), 0) AS enabled,
        coalesce(sum("email_verified"), 0) AS email_verified
    FROM "user_count_changes"
) AS changes;
