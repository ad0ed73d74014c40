// Everybody is brought over, compared and repaired by the operator's commands.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { authctl as run } from "../../support/authctl.ts";
import { AuthctlProcess, authctlEnv, stopAuthctl } from "../../support/authctl-process.ts";
import { KeycloakTables, localFingerprint } from "../../support/keycloak-population.ts";
import { useReplicas } from "../../support/replicas.ts";
import { figure, recordFigure } from "../figures.ts";

const USERS = figure(600, 5_000);
/** As people read it. */
const SAID = USERS.toLocaleString("en");
/** More than two pages of one single millisecond, and some without what others have. */
const SPECIAL = { crowd: USERS / 4, undated: 20, nameless: 20, mailless: 20, disabled: 20 };
const LONG_MS = 300_000;

const replicas = useReplicas();
let keycloak: KeycloakTables;

beforeAll(async () => {
  keycloak = new KeycloakTables(replicas.stack);
  await keycloak.fill({ users: USERS, ...SPECIAL });
}, STACK_TIMEOUT_MS);
afterEach(stopAuthctl);
afterAll(() => keycloak?.close());

const authctl = (...args: string[]) => run(replicas.stack, args);

test(
  "users sync brings everybody over, exactly",
  async () => {
    const from = performance.now();
    const { counts } = await AuthctlProcess.start(authctlEnv(replicas.stack), ["users", "sync"]).result<Result>();
    recordFigure({ figure: "users_sync", users: USERS, seconds: (performance.now() - from) / 1000 });
    expect(counts).toMatchObject({ scanned: USERS, inserted: USERS });
    expect(await localFingerprint(replicas.sql)).toEqual(await keycloak.fingerprint());
  },
  LONG_MS,
);

interface Result {
  type: string;
  counts: Record<string, unknown>;
  [field: string]: unknown;
}

test("users verify finds no difference", async () => expectAgreement(), LONG_MS);

test(
  "users verify finds what is planted, and users repair removes it",
  async () => {
    const { ids } = await keycloak.sample(3);
    const [edited = "", lost = ""] = ids;
    await replicas.sql`UPDATE users SET first_name = 'Somebody else' WHERE id = ${edited}`;
    await replicas.sql`DELETE FROM users WHERE id = ${lost}`;
    const extra = { id: crypto.randomUUID(), username: "nobody", enabled: true, synced_at: new Date() };
    await replicas.sql`INSERT INTO users ${replicas.sql(extra)}`;
    expect(await authctl("users", "verify")).toMatchObject({
      code: 3,
      out: expect.stringContaining(`3 differences in ${SAID} users`),
    });
    expect((await authctl("users", "repair", "--yes")).code).toBe(0);
    expect(await localFingerprint(replicas.sql)).toEqual(await keycloak.fingerprint());
    await expectAgreement();
  },
  LONG_MS,
);

test("users export has what is held of a person", async () => {
  const { ids } = await keycloak.sample(1);
  const { code, out } = await authctl("users", "export", ids[0] ?? "");
  expect(code).toBe(0);
  expect(JSON.stringify(JSON.parse(out))).toContain(ids[0] ?? "-");
});

async function expectAgreement(): Promise<void> {
  const verify = await authctl("users", "verify");
  expect(verify).toMatchObject({ code: 0, out: expect.stringContaining(`Nothing differs in ${SAID} users`) });
}
