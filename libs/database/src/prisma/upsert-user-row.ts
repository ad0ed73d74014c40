import { mapDatabaseError, UniqueViolationError } from "@libs/postgres";

/**
 * Runs an upsert of a user row by id. `ON CONFLICT (id)` does not see a first insert of the same user that is not yet
 * committed: that one is then met on its username or email. The second try finds it by id; another user's row is met
 * again and refused.
 * @throws UniqueViolationError when another live user holds the username or email; other database errors
 */
export async function upsertUserRow<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (!(mapDatabaseError(error) instanceof UniqueViolationError)) throw mapDatabaseError(error);
  }
  try {
    return await upsert();
  } catch (error) {
    throw mapDatabaseError(error);
  }
}
