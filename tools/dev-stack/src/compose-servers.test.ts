import { expect, test } from "bun:test";
import { silent } from "./base/report.ts";
import { composeWorks, startCompose } from "./compose-servers.ts";

/** A Docker client that answers from a list and remembers what it was asked. */
function fakeDocker(answers: Array<{ when: string; code?: number; output?: string }>) {
  const asked: string[] = [];
  const run = async (command: readonly string[]) => {
    const line = command.join(" ");
    asked.push(line);
    const answer = answers.find(({ when }) => line.includes(when));
    return { code: answer?.code ?? 0, output: answer?.output ?? "" };
  };
  return { run, asked };
}

test("Compose works only with the plugin and an engine", async () => {
  expect(await composeWorks(fakeDocker([]).run)).toBe(true);
  expect(await composeWorks(fakeDocker([{ when: "compose version", code: 1 }]).run)).toBe(false);
  expect(await composeWorks(fakeDocker([{ when: "docker info", code: 1 }]).run)).toBe(false);
});

test("stops what it started, and leaves what ran before", async () => {
  const docker = fakeDocker([{ when: "ps --services", output: "postgres\n" }]);
  const servers = await startCompose(silent, docker.run, {});
  expect(servers.databaseUrl).toBe("postgresql://postgres:postgres@127.0.0.1:54329/app");
  expect(docker.asked.some((line) => line.endsWith("up --detach --wait postgres keycloak"))).toBe(true);
  await servers.stop();
  expect(docker.asked.at(-1)).toEndWith("stop keycloak");
});

test("a failed start reports what Docker said", async () => {
  const docker = fakeDocker([{ when: "up --detach", code: 1, output: "no space left on device" }]);
  expect(startCompose(silent, docker.run, {})).rejects.toThrow("no space left on device");
});

test("the versions are the file's, Keycloak's as the environment says", async () => {
  const { versions } = await startCompose(silent, fakeDocker([]).run, { KEYCLOAK_VERSION: "26.4.7" });
  expect(versions).toEqual({ keycloak: "26.4.7", postgres: "18" });
});

test("a PostgreSQL that the file doesn't have is refused before anything is started", async () => {
  const docker = fakeDocker([]);
  await expect(startCompose(silent, docker.run, { POSTGRES_VERSION: "14" })).rejects.toThrow("PostgreSQL 18 only");
  expect(docker.asked).toEqual([]);
});
