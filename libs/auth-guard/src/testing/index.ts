/** For tests alone: a guard whose tokens, sessions and permissions are in memory, and a realm's keys in this process. */
import "./refuse-production.ts";

export { createTestAuth, type TestAuth, type TestLogin, type TestPerson } from "./create-test-auth.ts";
export { keysFromSet } from "./keys-from-set.ts";
export { type KeyPair, PublishedRealm, seconds } from "./published-realm.ts";
