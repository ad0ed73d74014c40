import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keycloakCommand } from "./java-command.ts";

const java = { path: "/nowhere/java", version: 21 };

/** As `kc.sh` does it: JAVA_OPTS of the environment replace its own, and quotes protect the path. */
const SCRIPT = `
JAVA_OPTS="\${JAVA_OPTS:--Xmx512m -XX:+UseG1GC}"
eval "{ '$JAVA' -Dkc.script.pid=$$ $JAVA_OPTS '-Dkc.home.dir=$(dirname "$0")/..' Main $1 <&3 3<&- & } 3<&0"
wait $!`;

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "keycloak home "));
  mkdirSync(join(home, "bin"));
  writeFileSync(join(home, "bin/kc.sh"), SCRIPT);
});

afterAll(() => rmSync(home, { recursive: true }));

test("the command is that of the distribution's own kc.sh, run by Java itself", async () => {
  process.env["JAVA_OPTS"] = "-Xmx1m";
  try {
    const command = await keycloakCommand({ java, home, jvm: "keycloak", args: ["start"] });
    expect(command).toEqual([java.path, "-Xmx512m", "-XX:+UseG1GC", `-Dkc.home.dir=${home}/bin/..`, "Main", "start"]);
  } finally {
    delete process.env["JAVA_OPTS"];
  }
});

test("quick: one collector, and that is the serial one", async () => {
  const command = await keycloakCommand({ java, home, jvm: "quick", args: ["start"] });
  expect(command.filter((option) => /Use\w+GC/.test(option))).toEqual(["-XX:+UseSerialGC"]);
});

test("a distribution without kc.sh is refused", async () => {
  const command = keycloakCommand({ java, home: join(home, "bin"), jvm: "quick", args: ["start"] });
  await expect(command).rejects.toThrow("bin/bin/kc.sh failed");
});
