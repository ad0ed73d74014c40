-- CreateIndex
CREATE INDEX "registrations_keycloak_user_id_idx" ON "registrations"("keycloak_user_id") WHERE ("keycloak_user_id" IS NOT NULL);
