-- AlterTable
ALTER TABLE "users" ADD COLUMN     "event_version" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "keycloak_ticket" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "feed_hints" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3),
    "keep_session" TEXT,
    "version" BIGINT NOT NULL DEFAULT 1,
    "looks" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "dead_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "feed_hints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "feed_seen_events" (
    "source" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "feed_seen_events_pkey" PRIMARY KEY ("source","event_id")
);

-- CreateTable
CREATE TABLE "leases" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "fence" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "domain_events" (
    "id" BIGSERIAL NOT NULL,
    "user_id" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "domain_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_subscriptions" (
    "name" TEXT NOT NULL,
    "types" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_subscriptions_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "feed_hints_due_idx" ON "feed_hints"("next_attempt_at") WHERE ("dead_at" IS NULL);

-- CreateIndex
CREATE UNIQUE INDEX "feed_hints_kind_subject_key" ON "feed_hints"("kind", "subject");

-- CreateIndex
CREATE INDEX "feed_seen_events_seen_at_idx" ON "feed_seen_events"("seen_at");

-- CreateIndex
CREATE UNIQUE INDEX "domain_events_user_id_version_key" ON "domain_events"("user_id", "version");

-- CreateIndex
CREATE INDEX "sessions_started_at_idx" ON "sessions" USING BRIN ("started_at");


-- From here on by hand.

-- A number before every read of Keycloak: of two writes the one that read later wins, whichever comes first.
CREATE SEQUENCE "keycloak_read_tickets" AS BIGINT;

ALTER TABLE "feed_hints" ADD CONSTRAINT "feed_hints_kind_check" CHECK ("kind" IN ('user', 'sessions', 'session', 'credentials'));
