-- By hand. The inbox of change notices gets the name of what it holds. Renaming changes the catalogue alone: no row is
-- read or written.

ALTER TABLE "feed_hints" RENAME TO "change_notices";
ALTER TABLE "change_notices" RENAME COLUMN "looks" TO "passes";
ALTER TABLE "change_notices" RENAME CONSTRAINT "feed_hints_pkey" TO "change_notices_pkey";
ALTER TABLE "change_notices" RENAME CONSTRAINT "feed_hints_kind_check" TO "change_notices_kind_check";
ALTER INDEX "feed_hints_due_idx" RENAME TO "change_notices_due_idx";
ALTER INDEX "feed_hints_kind_subject_key" RENAME TO "change_notices_kind_subject_key";
ALTER SEQUENCE "feed_hints_id_seq" RENAME TO "change_notices_id_seq";

-- Replicas of the version before go on under the old names while this one rolls out. A later version drops the view.
CREATE VIEW "feed_hints" AS
SELECT "id", "kind", "subject", "source", "changed_at", "keep_session", "version", "passes" AS "looks", "attempts",
    "last_error", "next_attempt_at", "dead_at", "created_at"
FROM "change_notices";

-- Whoever may use the table may use the view in the same way.
DO $$
DECLARE
    held RECORD;
BEGIN
    FOR held IN
        SELECT coalesce(quote_ident(r.rolname), 'PUBLIC') AS role, string_agg(a.privilege_type, ', ') AS privileges, a.is_grantable
        FROM pg_class c, aclexplode(c.relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = to_regclass('change_notices') AND a.grantee <> c.relowner
            AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        GROUP BY 1, 3
    LOOP
        EXECUTE format('GRANT %s ON "feed_hints" TO %s', held.privileges, held.role)
            || CASE WHEN held.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END;
    END LOOP;
END $$;
