-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "refresh_fence" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "refresh_lease_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "registrations" ADD COLUMN     "lost_until" TIMESTAMPTZ(3),
ADD COLUMN     "parked_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "keycloak_logouts" (
    "keycloak_session_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "offline" BOOLEAN NOT NULL DEFAULT false,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "keycloak_logouts_pkey" PRIMARY KEY ("keycloak_session_id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "registration_id" TEXT,
    "status" INTEGER,
    "answer" JSONB,
    "locked_until" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("scope","key")
);

-- CreateTable
CREATE TABLE "rate_limits" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "sessions_ended_at_idx" ON "sessions"("ended_at") WHERE ("ended_at" IS NOT NULL);

-- CreateIndex
CREATE INDEX "registrations_due_idx" ON "registrations"("next_attempt_at") WHERE (parked_at IS NULL AND next_attempt_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "registrations_finished_updated_at_idx" ON "registrations"("updated_at") WHERE (state = ANY (ARRAY['completed'::text, 'failed'::text, 'undone'::text]));

-- CreateIndex
CREATE INDEX "keycloak_logouts_next_attempt_at_idx" ON "keycloak_logouts"("next_attempt_at");

-- CreateIndex
CREATE INDEX "keycloak_logouts_user_id_idx" ON "keycloak_logouts"("user_id");

-- CreateIndex
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys"("expires_at");

-- CreateIndex
CREATE INDEX "rate_limits_expire_idx" ON "rate_limits"("expire");


-- From here on by hand: rows that were left before there was a recovery are looked at by it.
UPDATE "registrations" SET "next_attempt_at" = CURRENT_TIMESTAMP, "lost_until" = "created_at" + interval '6 minutes'
WHERE "state" IN ('pending', 'undoing');
