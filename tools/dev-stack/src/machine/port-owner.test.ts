import { afterAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { listeningInodes, parseLsof, portOwner } from "./port-owner.ts";
import { demandFree, freePorts } from "./ports.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(): Promise<number> {
  const [port = 0] = freePorts(1);
  const server = createServer();
  servers.push(server);
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return port;
}

test("finds the process that listens on a port", async () => {
  expect(portOwner(await listen())?.pid).toBe(process.pid);
});

test("finds nobody on a free port", () => {
  const [port = 0] = freePorts(1);
  expect(portOwner(port)).toBeUndefined();
});

test("a refused port is named with its holder and the variable that chooses another", async () => {
  const port = await listen();
  const refused = () => demandFree([{ name: "keycloak", port }]);
  expect(refused).toThrow(`Port ${port} (keycloak) is in use by`);
  expect(refused).toThrow(`(pid ${process.pid}). Set KEYCLOAK_PORT to choose another.`);
});

test("reads listening sockets only out of the kernel's table", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1",
    "   1: 0100007F:1F90 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 222 1",
    "   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1",
  ].join("\n");
  expect(listeningInodes(table, 8080)).toEqual(["111"]);
});

test("reads lsof's fields", () => {
  expect(parseLsof("p4711\ncjava\nf12\n")).toEqual({ pid: 4711, name: "java" });
  expect(parseLsof("")).toBeUndefined();
});
