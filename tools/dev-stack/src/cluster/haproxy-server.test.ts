import { expect, test } from "bun:test";
import { haproxyConfiguration } from "./haproxy-server.ts";

const servers = [
  { name: "a", port: 8081, healthPort: 9001 },
  { name: "b", port: 8082, healthPort: 9002 },
];
const configuration = haproxyConfiguration({ port: 8080, statsPort: 8404, servers });

test("each node is checked on its management port, and listens on the loopback address alone", () => {
  expect(configuration).toContain("server a 127.0.0.1:8081 check port 9001");
  expect(configuration).toContain("server b 127.0.0.1:8082 check port 9002");
  expect([...configuration.matchAll(/bind (\S+)/g)].map(([, at]) => at)).toEqual(["127.0.0.1:8080", "127.0.0.1:8404"]);
});

test("requests go to the nodes in turn, whoever sent them", () => {
  expect(configuration).toContain("balance roundrobin");
  expect(configuration).not.toMatch(/cookie|stick|source/);
});

test("where no node is ready, those that are alive are used", () => {
  expect(configuration).toContain("use_backend alive if { nbsrv(nodes) eq 0 }");
  const [, nodes = "", alive = ""] = configuration.split(/^backend /m);
  expect(nodes).toContain("GET /health/ready");
  expect(alive).toContain("GET /health/live");
  expect(alive).toContain("server alive-b 127.0.0.1:8082 check port 9002");
});
