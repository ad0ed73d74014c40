import { afterAll, describe, expect, test } from "bun:test";
import { SELF_SIGNED } from "../testing/self-signed.ts";
import { diagnoseKeycloak } from "./diagnose-keycloak.ts";
import { keycloakUrlFault } from "./keycloak-url-fault.ts";

const servers: { stop(force: boolean): unknown }[] = [];
afterAll(() => servers.map((server) => server.stop(true)));

/** @param answer what is said to each path @returns the base URL */
function serve(answer: (path: string) => Response, tls?: typeof SELF_SIGNED): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: ({ url }) => answer(new URL(url).pathname) });
  servers.push(server);
  return server.url.origin;
}

const realmPage = (realm: string) => Response.json({ realm, "token-service": "http://k/realms/r" });
/** Keycloak as it answers under a path. */
const keycloakAt = (prefix: string) => (path: string) => {
  if (path === `${prefix}/realms/r`) return realmPage("r");
  if (path === `${prefix}/realms/nosuch`) return Response.json({ error: "Realm does not exist" }, { status: 404 });
  return Response.json({ error: "Unable to find matching target resource method" }, { status: 404 });
};
const diagnose = (url: string, realm = "r") => diagnoseKeycloak({ url, realm, timeoutMs: 1_000 });

describe("what answers at KEYCLOAK_URL", () => {
  test("Keycloak, with or without a path or a slash at the end: nothing to say", async () => {
    const [plain, under] = [serve(keycloakAt("")), serve(keycloakAt("/auth"))];
    for (const url of [plain, `${plain}/`, `${under}/auth`, `${under}/auth/`])
      expect(await diagnose(url)).toBeUndefined();
  });

  test("a path that is missing, wrong or too long is named with the right one", async () => {
    const [plain, under] = [serve(keycloakAt("")), serve(keycloakAt("/auth"))];
    expect(await diagnose(under)).toBe(`KEYCLOAK_URL lacks Keycloak's path: set KEYCLOAK_URL to ${under}/auth.`);
    const wrong = "KEYCLOAK_URL has a path that is not Keycloak's: set KEYCLOAK_URL to";
    expect(await diagnose(`${plain}/auth`)).toBe(`${wrong} ${plain}.`);
    expect(await diagnose(`${plain}/realms/r`)).toBe(`${wrong} ${plain}.`);
    expect(await diagnose(`${under}/auth/admin/master/console`)).toBe(`${wrong} ${under}/auth.`);
  });

  test("Keycloak without the realm", async () => {
    expect(await diagnose(serve(keycloakAt("")), "nosuch")).toContain('has no realm "nosuch"');
  });

  test("another web server, whatever it answers", async () => {
    const answers = [
      () => new Response("<h1>It works!</h1>"),
      () => Response.json({}),
      () => Response.json({ realm: "other", "token-service": "x" }),
      () => new Response("Not Found", { status: 404 }),
    ];
    for (const answer of answers) expect(await diagnose(serve(answer))).toContain("is not Keycloak (HTTP ");
  });

  test("a proxy that fails, refuses or redirects", async () => {
    expect(await diagnose(serve(() => new Response("Bad Gateway", { status: 502 })))).toContain("answers HTTP 502");
    expect(await diagnose(serve(() => new Response("", { status: 403 })))).toContain("Let /realms/ through");
    const elsewhere = serve((path) => Response.redirect(`https://id.example.com/sso${path}`, 308));
    expect(await diagnose(elsewhere)).toEndWith("set KEYCLOAK_URL to https://id.example.com/sso.");
    const toLogin = serve(() => Response.redirect("/login", 302));
    expect(await diagnose(toLogin)).toEndWith("point KEYCLOAK_URL at Keycloak itself.");
  });

  test("TLS on a plain port, and plain on a TLS port", async () => {
    const plain = serve(keycloakAt(""));
    expect(await diagnose(plain.replace("http", "https"))).toEndWith(
      `use its TLS port, or set KEYCLOAK_URL to ${plain}.`,
    );
    const tls = serve(keycloakAt(""), SELF_SIGNED).replace("https", "http");
    expect(await diagnose(tls)).toEndWith(`set KEYCLOAK_URL to ${tls.replace("http", "https")}.`);
    const nginx = serve(() => new Response("The plain HTTP request was sent to HTTPS port", { status: 400 }));
    expect(await diagnose(nginx)).toContain(`set KEYCLOAK_URL to ${nginx.replace("http", "https")}.`);
  });

  test("a certificate that nobody trusts", async () => {
    const url = serve(keycloakAt(""), SELF_SIGNED).replace("127.0.0.1", "localhost");
    expect(await diagnose(url)).toContain("is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT): name its CA in NODE_EXTRA_CA");
  });

  test("nothing, no such host, no web server, and silence", async () => {
    expect(await diagnose("http://127.0.0.1:1")).toContain("Nothing listens at 127.0.0.1:1:");
    expect(await diagnose("http://nosuch.invalid")).toContain('The host "nosuch.invalid" of KEYCLOAK_URL is unknown');
    const closes = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    servers.push(closes, silent);
    for (const scheme of ["http", "https"])
      expect(await diagnose(`${scheme}://127.0.0.1:${closes.port}`)).toContain("is not a web server");
    expect(await diagnose(`http://127.0.0.1:${silent.port}`)).toContain("does not answer in time");
  });
});

test.each([
  ["keycloak:8080", "lacks http:// or https://"],
  ["localhost:8080/auth", "lacks http:// or https://"],
  ["127.0.0.1:8080", "lacks http:// or https://"],
  ["[::1]:8080", "lacks http:// or https://"],
  ["id.example.com", "lacks http:// or https://"],
  ["", "is not an http or https URL"],
  ["http://", "is not an http or https URL"],
  ["http://127.0.0.1:99999", "is not an http or https URL"],
  ["ftp://id.example.com", "is not an http or https URL"],
  ["https://admin:do-not-show@id.example.com", "carries a user"],
  ["https://id.example.com/?do-not-show", "contains a ? or #"],
  ["https://id.example.com/#/realms", "contains a ? or #"],
])("%s can't be KEYCLOAK_URL, and is not shown", async (url, sentence) => {
  expect(keycloakUrlFault(url)).toContain(sentence);
  expect(keycloakUrlFault(url)).not.toContain("do-not-show");
  expect(await diagnose(url)).toContain(sentence);
});
