import { AuthError, type FieldError } from "@libs/problems";

interface Profile {
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
}

const FORBIDDEN_IN_USERNAME = /[<>&"'\s$%!#?§,;:*~/\\|^=[\]{}()`\p{Cc}]/u;
const FORBIDDEN_IN_NAME = /[<>&"$%!#?§;*~/\\|^=[\]{}()\p{Cc}]/u;

/** The validators of Keycloak's default user profile. @throws AuthError `registration.profile_rejected` */
export function checkProfile({ username, email, firstName, lastName }: Profile): void {
  const errors: FieldError[] = [...nameErrors("firstName", firstName), ...nameErrors("lastName", lastName)];
  if (email !== null && !/^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)*$/.test(email)) {
    errors.push({ path: "email", message: "must be an email address" });
  }
  if (username.length < 3 || username.length > 255) {
    errors.push({ path: "username", message: "must be 3 to 255 characters long" });
  }
  if (FORBIDDEN_IN_USERNAME.test(username)) {
    errors.push({ path: "username", message: "contains a character that is not allowed in a username" });
  }
  if (errors.length > 0) throw new AuthError("registration.profile_rejected", { errors });
}

function nameErrors(path: string, name: string | null): FieldError[] {
  if (name === null) return [];
  const errors: FieldError[] = [];
  if (name.length > 255) errors.push({ path, message: "must be at most 255 characters long" });
  if (FORBIDDEN_IN_NAME.test(name)) {
    errors.push({ path, message: "contains a character that is not allowed in a name" });
  }
  return errors;
}

/** @throws AuthError `registration.password_rejected` */
export function checkPassword(password: string, minLength: number): void {
  if (password.length >= minLength) return;
  const message = `must be at least ${minLength} characters long`;
  throw new AuthError("registration.password_rejected", { errors: [{ path: "password", message }] });
}
