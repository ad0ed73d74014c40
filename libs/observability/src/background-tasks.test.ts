import { expect, test } from "bun:test";
import { BackgroundTasks } from "./background-tasks.ts";
import { silentLogger } from "./logger.ts";

test("a drain waits for what runs, and for what that starts", async () => {
  const tasks = new BackgroundTasks(silentLogger);
  const ended: string[] = [];
  tasks.run("first", async () => {
    await Bun.sleep(5);
    tasks.run("second", async () => {
      await Bun.sleep(5);
      ended.push("second");
    });
    ended.push("first");
  });
  await tasks.drain();
  expect(ended).toEqual(["first", "second"]);
});

test("a drain with a limit leaves what never ends", async () => {
  const tasks = new BackgroundTasks(silentLogger);
  const ended: string[] = [];
  tasks.run("endless", () => new Promise(() => {}));
  tasks.run("short", async () => void ended.push("short"));
  await tasks.drain(20);
  expect(ended).toEqual(["short"]);
});

test("a failure is nobody else's", async () => {
  const tasks = new BackgroundTasks(silentLogger);
  tasks.run("failing", () => Promise.reject(new Error("no")));
  await tasks.drain();
});
