-- By hand: UNLOGGED, which Prisma's language cannot say. What a crash of PostgreSQL forgets costs a run look-ups, nothing else.
CREATE UNLOGGED TABLE "walk_seen" (
    "run_id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "walk_seen_pkey" PRIMARY KEY ("run_id", "user_id")
);
