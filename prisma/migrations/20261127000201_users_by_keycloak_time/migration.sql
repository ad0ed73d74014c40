-- Empty when it is made, since no row has the time yet: one pass over the table, without a sort.

-- CreateIndex
CREATE INDEX "users_keycloak_created_at_idx" ON "users"("keycloak_created_at", "id") WHERE (keycloak_created_at IS NOT NULL AND deleted_at IS NULL);
