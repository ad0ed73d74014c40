-- By hand: UNLOGGED, which Prisma's language cannot say. What a crash of PostgreSQL forgets is over in seconds anyway,
-- and a commit that writes nothing else need not wait for the disk.
CREATE UNLOGGED TABLE "login_turns" (
    "key" VARCHAR(255) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "holder" TEXT NOT NULL,

    CONSTRAINT "login_turns_pkey" PRIMARY KEY ("key")
);
