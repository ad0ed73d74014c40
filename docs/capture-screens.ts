// `bun docs/capture-screens.ts` runs authctl's commands on a terminal, against a realm of its own on the real stack, and
// writes what a person sees into screens.md. Times and rates are those of the machine that it runs on.
import { join } from "node:path";
import { openTestStack, type TestStack } from "@libs/dev-stack";
import { Terminal } from "@xterm/headless";
import { SQL } from "bun";
import { authctlOnTerminal, type OnTerminal, TERMINAL_SIZE } from "../test/support/authctl.ts";
import { importUsers, manyUsers } from "../test/support/many-users.ts";
import { realmAdmin } from "../test/support/realm-admin.ts";
import { insertSealedSessions, newTokenKey } from "../test/support/sealed-sessions.ts";

/** Where a screen goes: a heading, what leads to it, and the screen. */
interface Screen {
  title: string;
  command: string;
  text: string;
}

/**
 * Runs a command and takes what is on the screen at its end.
 * @param midway takes the screen once before, as soon as this is on it
 */
async function capture(
  stack: TestStack,
  title: string,
  args: string[],
  { midway, ...options }: OnTerminal & { midway?: { title: string; until: RegExp } } = {},
): Promise<Screen[]> {
  const terminal = new Terminal({ ...TERMINAL_SIZE, scrollback: 1_000, allowProposedApi: true });
  let taken: string | undefined;
  let written = Promise.resolve();
  const onOutput = (text: string) => {
    written = written.then(() => new Promise<void>((resolve) => terminal.write(text, resolve)));
    written = written.then(() => {
      if (taken === undefined && midway?.until.test(shown(terminal))) taken = shown(terminal);
    });
  };
  await authctlOnTerminal(stack, args, { ...options, onOutput });
  await written;
  const command = `authctl ${args.join(" ")}`;
  const end = { title, command, text: shown(terminal) };
  terminal.dispose();
  return midway && taken !== undefined ? [{ title: midway.title, command, text: taken }, end] : [end];
}

function shown(terminal: Terminal): string {
  const { active } = terminal.buffer;
  const lines = Array.from(
    { length: active.length },
    (_, at) => active.getLine(at)?.translateToString(true).trimEnd() ?? "",
  );
  return lines.join("\n").trimEnd();
}

/** Realm and keys: before anything else is in the database. */
async function captureSetup(stack: TestStack, sql: SQL): Promise<Screen[]> {
  const admin = await realmAdmin(stack);
  const { username, password } = stack.keycloakAdmin;
  const environment = {
    KEYCLOAK_ADMIN_USERNAME: username,
    KEYCLOAK_ADMIN_PASSWORD: password,
    KEYCLOAK_SSL_REQUIRED: "none",
    KEYCLOAK_BACKCHANNEL_LOGOUT_URL: "http://localhost:3000/auth/backchannel-logout",
  };
  const [client] = await admin.clients.find({ clientId: stack.clientId });
  await admin.clients.update({ id: client?.id ?? "" }, { ...client, fullScopeAllowed: true });
  await admin.realms.update({ realm: stack.realm }, { adminEventsEnabled: false, revokeRefreshToken: true });
  const [oldKey, newKey] = [newTokenKey("2026a"), newTokenKey("2026b")];
  await insertSealedSessions(sql, oldKey, 2_000);
  const changed = { ...stack, tokenEncryptionKeys: `${newKey},${oldKey}` };
  const screens = [
    ...(await capture(changed, "The doctor finds something", ["doctor"], { environment })),
    ...(await capture(changed, "The realm is brought in line", ["realm", "apply"], { environment, type: "y" })),
    ...(await capture(changed, "The doctor finds nothing", ["doctor"], { environment })),
    ...(await capture(changed, "The encryption key is changed", ["keys", "reencrypt"])),
  ];
  await sql`DELETE FROM users`;
  return screens;
}

async function captureAll(stack: TestStack): Promise<Screen[]> {
  const sql = new SQL(stack.databaseUrl, { max: 1 });
  const setup = await captureSetup(stack, sql);
  const users = manyUsers(3_000);
  await importUsers(await realmAdmin(stack), stack.realm, users);
  const midway = { title: "Users are brought over: on the way", until: /[4-6]\d% / };
  const sync = ["users", "sync", "--page-size", "100", "--max-rate", "400"];
  const screens = await capture(stack, "Users are brought over: the summary", sync, { midway });
  const [named, missing] = users;
  await sql`UPDATE users SET first_name = 'Grace' WHERE id = ${named?.id ?? ""}`;
  await sql`DELETE FROM users WHERE id = ${missing?.id ?? ""}`;
  await sql`INSERT INTO users (id, username, synced_at) VALUES (gen_random_uuid()::text, 'left-over', now())`;
  await sql`
    INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, token_expires_at, started_at,
      last_seen_at, ip_address)
    VALUES ('5b0f530b-ef64-4ecf-a64e-19ff5ade12be', ${named?.id ?? ""}, 'gone-from-keycloak-00001', 'k1:sealed',
      now() + interval '5 minutes', now() - interval '2 hours', now() - interval '3 minutes', '203.0.113.7')`;
  screens.push(
    ...(await capture(stack, "What differs", ["users", "verify"])),
    ...(await capture(stack, "What would be done about it", ["users", "repair", "--dry-run"])),
    ...(await capture(stack, "One user on both sides", ["users", "show", named?.username ?? ""])),
    ...(await capture(stack, "Sessions from a network", ["sessions", "list", "--ip", "203.0.113.0/24"])),
    ...(await capture(stack, "A repair asks first", ["users", "repair"], { type: "y" })),
    ...(await capture(stack, "Nothing differs any more", ["users", "verify"])),
    ...(await capture(stack, "An erasure", ["users", "erase", users[2]?.id ?? ""], { type: "y" })),
    ...(await capture(stack, "A wrong address", ["users", "show", "nobody@example.com"])),
  );
  await sql.close();
  return [...setup, ...screens];
}

function page(screens: readonly Screen[]): string {
  const sections = screens.map(
    ({ title, command, text }) => `## ${title}\n\n\`\`\`text\n$ ${command}\n${text}\n\`\`\`\n`,
  );
  return `# Screens\n\nWhat the operator's tool prints on a terminal of ${TERMINAL_SIZE.cols} columns, without colours. Captured by \`bun docs/capture-screens.ts\` with\n3,000 made-up people on a developer's machine. Where \`--max-rate 400\` is given, the rate was limited to 400 users a second.\n\n${sections.join("\n")}`;
}

const stack = await openTestStack();
try {
  await Bun.write(join(import.meta.dir, "screens.md"), page(await captureAll(stack)));
} finally {
  await stack.stop();
}
