// A mail with actions that an administrator sends: the person's click verifies the email, whatever the action is.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { MailSink } from "./support/mail-sink.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { recordSecret } from "./support/secrets-seen.ts";
import { rowOf, welcome } from "./support/subject.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let sink: MailSink;

beforeAll(async () => {
  const { admin, stack } = replicas;
  sink = MailSink.open();
  const smtpServer = { host: "127.0.0.1", port: String(sink.port), from: "keycloak@example.com" };
  await admin.realms.update({ realm: stack.realm }, { smtpServer });
  gateway = await replicas.start("directly");
});
afterAll(async () => {
  sink?.stop();
  await stopGateways();
});

/** A browser that keeps cookies, and shows its last page. */
class Visitor {
  readonly #cookies = new Map<string, string>();
  page = "";

  async visit(address: string): Promise<void> {
    let url = address;
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        this.#cookies.set(name, value);
      }
      this.page = await answer.text();
      const next = answer.headers.get("location");
      if (next === null) return;
      url = new URL(next, url).href;
    }
    throw new Error("too many redirects");
  }
}

test.each([
  ["VERIFY_EMAIL", "the event names the person", 10_000],
  ["UPDATE_PASSWORD", "the person abandons it: no event, found by the counts", 90_000],
])(
  "the click on a mail with %s verifies the email: %s",
  async (action, _, withinMs) => {
    const subject = await welcome(gateway.url, newPerson());
    const before = sink.mails.length;
    await replicas.admin.users.executeActionsEmail({ id: subject.id, actions: [action] });
    await eventually(() => expect(sink.mails.length).toBe(before + 1));
    // What the sending itself caused is handled by the time that a later edit is.
    await replicas.admin.users.update({ id: subject.id }, { lastName: "Mailed" });
    await eventually(async () => {
      const [row] = await replicas.sql`SELECT last_name FROM users WHERE id = ${subject.id}`;
      expect(row.last_name).toBe("Mailed");
      const notices = await replicas.sql`SELECT 1 FROM change_notices WHERE subject = ${subject.id} AND kind = 'user'`;
      expect(notices).toHaveLength(0);
    });
    expect(await rowOf(replicas, subject)).toMatchObject({ email_verified: false });
    const link = /https?:\/\/\S*action-token\?\S*/.exec(sink.mails.at(-1) ?? "")?.[0] ?? "";
    recordSecret(new URL(link).searchParams.get("key") ?? "");
    const visitor = new Visitor();
    await visitor.visit(link);
    const proceed = /href="([^"]*action-token[^"]*)"/.exec(visitor.page)?.[1] ?? "";
    await visitor.visit(new URL(proceed.replaceAll("&amp;", "&"), link).href);
    await eventually(
      async () => expect(await rowOf(replicas, subject)).toMatchObject({ email_verified: true }),
      withinMs,
    );
  },
  120_000,
);
