// A process of its own, so that a flood costs nothing where answers are timed. One JSON argument, one JSON answer.
import type { Flood, FloodAnswer } from "./login-flood.ts";

const { url, callers, durationMs, logins } = JSON.parse(process.argv[2] ?? "") as Flood;
/** After a refusal a caller comes again sooner than `Retry-After` asks for: impatient, but no busy loop. Milliseconds. */
const REFUSED_PAUSE_MS = 500;
const answers: FloodAnswer[] = [];
const until = performance.now() + durationMs;
let next = 0;

async function call(): Promise<void> {
  const login = logins[next++ % logins.length];
  const before = performance.now();
  const response = await fetch(`${url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(login),
  });
  const body = (await response.json()) as { code?: string };
  const hasRetryAfter = response.headers.has("retry-after");
  answers.push({ status: response.status, code: body.code ?? "", hasRetryAfter, ms: performance.now() - before });
  if (hasRetryAfter) await Bun.sleep(REFUSED_PAUSE_MS);
}

await Promise.all(
  Array.from({ length: callers }, async () => {
    while (performance.now() < until) await call();
  }),
);
console.log(JSON.stringify(answers));
