-- Empty when it is made, since no row has the time yet: one pass over the table, without a sort. Writes to the table wait
-- for that pass. Where that is too long, an operator builds the index before, CONCURRENTLY: docs/operations.md.

-- What a build that was cut short has left is no index.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_keycloak_created_at_idx') AND NOT indisvalid) THEN
        DROP INDEX "users_keycloak_created_at_idx";
    END IF;
END $$;

-- CreateIndex
CREATE INDEX IF NOT EXISTS "users_keycloak_created_at_idx" ON "users"("keycloak_created_at", "id") WHERE (keycloak_created_at IS NOT NULL AND deleted_at IS NULL);
