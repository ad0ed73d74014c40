-- AlterTable
ALTER TABLE "user_roles" ADD COLUMN     "granted_by" TEXT;


-- By hand: a grant holds everywhere, in one store, or in one organization.
ALTER TABLE "user_roles" ADD CONSTRAINT "user_roles_scope_check" CHECK (num_nonnulls("store_id", "organization_id") <= 1);
