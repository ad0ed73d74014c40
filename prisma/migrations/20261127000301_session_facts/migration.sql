-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "offline" BOOLEAN,
ADD COLUMN     "kept_as_of" TIMESTAMPTZ(3) DEFAULT now(),
ADD COLUMN     "tokens_issued_at" TIMESTAMPTZ(3);


-- From here on by hand.

-- Sessions from before this migration count as kept until now: an earlier version did not store in which session a
-- password was changed. The default gave that to every row without writing one.
ALTER TABLE "sessions" ALTER COLUMN "kept_as_of" DROP DEFAULT;

-- A credential that was removed, and tokens that the realm or the client no longer takes.
ALTER TABLE "feed_hints" DROP CONSTRAINT "feed_hints_kind_check",
ADD CONSTRAINT "feed_hints_kind_check" CHECK ("kind" IN ('user', 'sessions', 'session', 'credentials', 'removed_credential', 'every_user', 'not_before'));
