import { describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { type KeycloakRealmUnderTest, newUser } from "./keycloak-realm-under-test.ts";

/**
 * What a {@link KeycloakUserRepository} does in a realm with `registrationEmailAsUsername`.
 * @param realm gives such a realm, once it is up
 */
export function emailAsUsernameContract(name: string, realm: () => Promise<KeycloakRealmUnderTest>): void {
  describe(`${name}: email as username`, () => {
    test("the email is stored as the username, and is what logs in", async () => {
      const { users, tokens } = await realm();
      const input = newUser();
      const id = await users.createUser({ ...input, email: input.email.toUpperCase() });
      expect(await users.getUser(id)).toMatchObject({ username: input.email, email: input.email });
      await failure(tokens.passwordGrant(input), "auth.invalid_credentials");
      expect((await tokens.passwordGrant({ ...input, username: input.email })).session_state).toBeString();
    });

    test("the profile says so, and asks for no username", async () => {
      const { users } = await realm();
      const { emailAsUsername, attributes } = await users.readUserProfile();
      expect(emailAsUsername).toBe(true);
      const required = attributes.filter((found) => found.required).map(({ name }) => name);
      expect(required).toEqual(["email", "firstName", "lastName"]);
    });

    test("a name that is not stored is no hindrance, an email is", async () => {
      const { users } = await realm();
      const first = newUser();
      await users.createUser(first);
      await users.createUser(newUser({ username: first.username }));
      await failure(users.createUser(newUser({ email: first.email })), "registration.email_taken");
    });

    test("a new email is a new username", async () => {
      const { users } = await realm();
      const input = newUser({ attributes: { registrationId: ["m"] } });
      const id = await users.createUser(input);
      await users.updateUser(id, { email: `new-${input.email}` });
      const moved = { username: `new-${input.email}`, email: `new-${input.email}` };
      expect(await users.getUser(id)).toMatchObject({ ...moved, attributes: { registrationId: ["m"] } });
      await users.updateUser(id, { attributes: { registrationId: ["n"] } });
      expect(await users.getUser(id)).toMatchObject({ ...moved, attributes: { registrationId: ["n"] } });
    });
  });
}
