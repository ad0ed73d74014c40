import { recordSecret } from "./secrets-seen.ts";

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  /** The body as it came over the wire. */
  raw: string;
  body: Body;
}

export interface Tokens {
  access_token: string;
  expires_in: number;
  refresh_token: string;
  refresh_expires_in: number;
  id_token?: string;
  token_type: string;
  session_state: string;
}

export interface LoggedIn {
  message: string;
  user: { id: string; email: string; username: string; firstName: string; lastName: string };
  tokens: Tokens;
  sessionId: string;
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
  errors?: { path: string; message: string }[];
  actionUrl?: string;
}

/** Calls a gateway as a frontend would, and remembers every secret that it sent or got. */
export class AuthClient {
  constructor(
    readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  async post<Body = Record<string, unknown>>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    rememberSecrets(body);
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.headers, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return await toAnswer<Body>(response);
  }

  async get<Body = Record<string, unknown>>(path: string): Promise<Answer<Body>> {
    return await toAnswer<Body>(await fetch(`${this.url}${path}`, { headers: this.headers }));
  }

  async delete<Body = Record<string, unknown>>(path: string): Promise<Answer<Body>> {
    return await toAnswer<Body>(await fetch(`${this.url}${path}`, { method: "DELETE", headers: this.headers }));
  }

  register<Body = { message: string; userId: string; user: Record<string, unknown> }>(body: unknown) {
    return this.post<Body>("/auth/register", body);
  }

  login<Body = LoggedIn>(body: { username: string; password: string; otp?: string; storeId?: string }) {
    // A whole person may be given: only what a login takes is sent.
    const { username, password, otp, storeId } = body;
    return this.post<Body>("/auth/login", { username, password, otp, storeId });
  }

  refresh<Body = { tokens: Tokens }>(body: { refreshToken: string; sessionId: string }) {
    return this.post<Body>("/auth/refresh", body);
  }

  logout<Body = { message: string }>(body: { sessionId: string; refreshToken: string }) {
    return this.post<Body>("/auth/logout", body);
  }
}

async function toAnswer<Body>(response: Response): Promise<Answer<Body>> {
  const raw = await response.text();
  let body: unknown = {};
  try {
    body = JSON.parse(raw);
  } catch {
    // Not JSON: the raw text shows it.
  }
  if (response.ok) rememberSecrets(body);
  return { status: response.status, headers: response.headers, raw, body: body as Body };
}

const secretFields = new Set(["password", "refreshToken", "access_token", "refresh_token", "id_token"]);

function rememberSecrets(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (secretFields.has(name) && typeof inner === "string") recordSecret(inner);
    else rememberSecrets(inner);
  }
}
