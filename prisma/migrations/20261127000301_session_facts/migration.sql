-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "offline" BOOLEAN,
ADD COLUMN     "kept_as_of" TIMESTAMPTZ(3),
ADD COLUMN     "tokens_issued_at" TIMESTAMPTZ(3);


-- From here on by hand.

-- A credential that was removed, and tokens that the realm or the client no longer takes.
ALTER TABLE "feed_hints" DROP CONSTRAINT "feed_hints_kind_check",
ADD CONSTRAINT "feed_hints_kind_check" CHECK ("kind" IN ('user', 'sessions', 'session', 'credentials', 'removed_credential', 'every_user', 'not_before'));
