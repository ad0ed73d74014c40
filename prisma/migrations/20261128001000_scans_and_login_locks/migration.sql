-- By hand: two tables get plain names. No row is read or written, and rights go with the tables.
ALTER TABLE "walk_seen" RENAME TO "scan_seen";
ALTER TABLE "scan_seen" RENAME CONSTRAINT "walk_seen_pkey" TO "scan_seen_pkey";
-- Logins wait for this one, so it comes last.
ALTER TABLE "login_turns" RENAME TO "login_locks";
ALTER TABLE "login_locks" RENAME CONSTRAINT "login_turns_pkey" TO "login_locks_pkey";

-- Replicas of the version before use the old names until they are updated, and must see the same rows as new ones: views,
-- which PostgreSQL passes their statements through. A later version drops them. `ctid` is a column here because that
-- version deletes by it.
CREATE VIEW "login_turns" AS SELECT "key", "until", "holder" FROM "login_locks";
CREATE VIEW "walk_seen" AS SELECT ctid, "run_id", "user_id" FROM "scan_seen";

-- Accounts that only use the tables keep their rights under the old names too.
DO $$
DECLARE
    granted RECORD;
BEGIN
    FOR granted IN
        SELECT names.old_name, acl.privilege_type, acl.is_grantable,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END AS grantee
        FROM (VALUES ('login_turns', 'login_locks'), ('walk_seen', 'scan_seen')) AS names (old_name, new_name)
            JOIN pg_class AS tables ON tables.oid = to_regclass(names.new_name)
            CROSS JOIN LATERAL aclexplode(coalesce(tables.relacl, acldefault('r', tables.relowner))) AS acl
    LOOP
        EXECUTE format('GRANT %s ON %I TO %s%s', granted.privilege_type, granted.old_name, granted.grantee,
            CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END $$;
