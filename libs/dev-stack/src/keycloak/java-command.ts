import { join } from "node:path";
import type { Java } from "../machine/java.ts";

/**
 * `quick`: a small heap, serial collector and the first compiler tier, ready sooner and in less memory; for development
 * and single test files. `steady`: the same with all compiler tiers, which pays in a run of many minutes: signing a token
 * takes a fifth of the time. `keycloak`: the options of Keycloak's own `kc.sh`; for benchmarks.
 */
export type JvmProfile = "quick" | "steady" | "keycloak";

const COMMON = [
  "-XX:MetaspaceSize=96M",
  "-XX:MaxMetaspaceSize=256m",
  "-Dfile.encoding=UTF-8",
  "-Dsun.stdout.encoding=UTF-8",
  "-Dsun.err.encoding=UTF-8",
  "-Dstdout.encoding=UTF-8",
  "-Dstderr.encoding=UTF-8",
  "-XX:+ExitOnOutOfMemoryError",
  "-Djava.security.egd=file:/dev/urandom",
  "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
  "-Xms64m",
  "-Xmx512m",
];

const PROFILES: Record<JvmProfile, string[]> = {
  quick: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
  steady: ["-XX:+UseSerialGC", "-Xshare:auto"],
  keycloak: ["-XX:+UseG1GC", "-XX:FlightRecorderOptions=stackdepth=512"],
};

const OPENED = ["java.util", "java.util.concurrent", "java.security", "java.lang"];

/**
 * The Java command that `kc.sh` of Keycloak 26.7.4 would run. `kc.sh` itself stays in between as a shell, so that its
 * pid is not the server's and a kill of it leaves the server running; therefore the server is started without it.
 */
export function keycloakCommand(options: { java: Java; home: string; jvm: JvmProfile; args: string[] }): string[] {
  const { java, home, jvm, args } = options;
  return [
    java.path,
    ...COMMON,
    ...PROFILES[jvm],
    ...OPENED.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    "--enable-native-access=ALL-UNNAMED",
    "-Duser.language=en",
    "-Duser.country=US",
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, "conf")}`,
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-cp",
    join(home, "lib/quarkus-run.jar"),
    "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
    ...args,
  ];
}
