import type { AuthClient, LoggedIn } from "./auth-client.ts";
import { newPerson } from "./person.ts";

/** Registers somebody new at one gateway and logs them in at another, which may be the same. */
export async function logInNewPerson(registering: AuthClient, loggingIn: AuthClient): Promise<LoggedIn> {
  const person = newPerson();
  const registered = await registering.register(person);
  if (registered.status !== 201) throw new Error(registered.raw);
  const { status, body, raw } = await loggingIn.login(person);
  if (status !== 200) throw new Error(raw);
  return body;
}
