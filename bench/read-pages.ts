/** How all users of a realm are read by offset. */
export interface PagesOptions {
  url: string;
  realm: string;
  clientId: string;
  clientSecret: string;
  pageSize: number;
  /** Reads at once. */
  concurrency: number;
}

/** Reads every user with `fetch` alone, and throws them away. @returns how many there were */
export async function readPages({ url, realm, pageSize, concurrency, ...client }: PagesOptions): Promise<number> {
  let token = { value: "", until: 0 };
  let first = 0;
  let read = 0;
  let more = true;
  const worker = async () => {
    while (more) {
      if (Date.now() > token.until)
        token = { value: await accessToken(url, realm, client), until: Date.now() + 60_000 };
      const query = new URLSearchParams({ first: String(first), max: String(pageSize), briefRepresentation: "true" });
      first += pageSize;
      const headers = { authorization: `Bearer ${token.value}` };
      const answer = await fetch(`${url}/admin/realms/${realm}/users?${query}`, { headers });
      if (!answer.ok) throw new Error(`Keycloak answered ${answer.status}`);
      const users = (await answer.json()) as unknown[];
      read += users.length;
      if (users.length < pageSize) more = false;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return read;
}

async function accessToken(
  url: string,
  realm: string,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
): Promise<string> {
  const answer = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
  });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to the client`);
  return ((await answer.json()) as { access_token: string }).access_token;
}
