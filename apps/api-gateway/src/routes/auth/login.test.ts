import { afterEach, describe, expect, test } from "bun:test";
import type { AppDeps } from "../../app.ts";
import { ada, type StubGateway, stubDeps, stubGateway } from "../../testing/stub-gateway.ts";

let gateway: StubGateway;
const undone: string[] = [];
afterEach(async () => {
  await gateway.stop();
  undone.splice(0);
});

/** @param overrides of the app; `sync` over the stub's */
function start({ sync, ...overrides }: Omit<Partial<AppDeps>, "sync"> & { sync?: Partial<AppDeps["sync"]> }) {
  const undoLogin: AppDeps["sync"]["undoLogin"] = ({ sessionId }) => void undone.push(sessionId);
  gateway = stubGateway({ ...overrides, sync: { ...stubDeps().sync, undoLogin, ...sync } });
}
const logIn = () => gateway.post("/auth/login", JSON.stringify({ username: "ada", password: "correct-horse-1" }));

describe("a login whose caller gets no answer is taken back", () => {
  test("an answer that does not fit its schema", async () => {
    start({
      sync: {
        syncOnAuthentication: async (input) => {
          const { session } = await stubDeps().sync.syncOnAuthentication(input);
          return { user: { ...ada, username: 7 as unknown as string }, session };
        },
      },
    });
    expect((await logIn()).status).toBe(500);
    expect(undone).toEqual(["session-1"]);
  });

  test("a failure after it was stored", async () => {
    const fails: AppDeps["limits"]["login"] = async (_subject, _address, work) => {
      await work();
      throw new Error("the limits are away");
    };
    start({ limits: { ...stubDeps().limits, login: fails } });
    expect((await logIn()).status).toBe(500);
    expect(undone).toEqual(["session-1"]);
  });

  test("the request's time is over before it is stored", async () => {
    let store = () => {};
    const mayStore = new Promise<void>((resolve) => {
      store = resolve;
    });
    const { syncOnAuthentication } = stubDeps().sync;
    start({
      requestTimeoutMs: 50,
      sync: { syncOnAuthentication: (input) => mayStore.then(() => syncOnAuthentication(input)) },
    });
    expect((await logIn()).status).toBe(504);
    expect(undone).toEqual([]);
    store();
    while (undone.length === 0) await Bun.sleep(1);
    expect(undone).toEqual(["session-1"]);
  });
});

test("one that is answered stays", async () => {
  start({});
  expect((await logIn()).status).toBe(200);
  expect(undone).toEqual([]);
});
