import { afterEach, describe, expect, test } from "bun:test";
import type { Session } from "@libs/database";
import type { AppDeps } from "../../app.ts";
import { ada, type StubGateway, stubDeps, stubGateway, stubLogin } from "../../testing/stub-gateway.ts";

const session = { sessionId: "session-1" } as Session;
let gateway: StubGateway;
const undone: string[] = [];
afterEach(async () => {
  await gateway.stop();
  undone.splice(0);
});

function start(steps: Parameters<typeof stubLogin>[0] = {}, overrides: Partial<AppDeps> = {}) {
  const undo = ({ sessionId }: Session) => void undone.push(sessionId);
  gateway = stubGateway({ ...overrides, sync: { ...stubDeps().sync, login: stubLogin({ undo, ...steps }) } });
}
const logIn = () => gateway.post("/auth/login", JSON.stringify({ username: "ada", password: "correct-horse-1" }));

describe("a login whose caller gets no answer is taken back", () => {
  test("an answer that does not fit its schema", async () => {
    start({ store: async () => ({ user: { ...ada, username: 7 as unknown as string }, session }) });
    expect((await logIn()).status).toBe(500);
    expect(undone).toEqual(["session-1"]);
  });

  test("a failure after it was stored", async () => {
    const fails: AppDeps["limits"]["login"] = async (_subject, _address, work) => {
      await work();
      throw new Error("the limits are away");
    };
    start({}, { limits: { ...stubDeps().limits, login: fails } });
    expect((await logIn()).status).toBe(500);
    expect(undone).toEqual(["session-1"]);
  });

  test("the request's time is over before it is stored", async () => {
    let store = () => {};
    const mayStore = new Promise<void>((resolve) => {
      store = resolve;
    });
    start({ store: () => mayStore.then(() => ({ user: ada, session })) }, { requestTimeoutMs: 50 });
    expect((await logIn()).status).toBe(504);
    expect(undone).toEqual([]);
    store();
    while (undone.length === 0) await Bun.sleep(1);
    expect(undone).toEqual(["session-1"]);
  });
});

test("one that is answered stays", async () => {
  start();
  expect((await logIn()).status).toBe(200);
  expect(undone).toEqual([]);
});
