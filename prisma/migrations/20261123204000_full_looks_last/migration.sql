-- DropIndex
DROP INDEX "feed_hints_due_idx";


-- From here on by hand.

-- Hints in the order in which they are claimed: a full look of all users does not hold up what changes meanwhile.
CREATE INDEX "feed_hints_due_idx" ON "feed_hints" (("source" = 'full_look'), "next_attempt_at") WHERE "dead_at" IS NULL;
