import { CountingProxy } from "./counting-proxy.ts";

export interface OtherVersion {
  /** What the server says that it is; left out: nothing, to our own account. */
  version?: string;
  /** Takes days alone in the times of events, as up to 26.1. */
  eventsByDay?: boolean;
}

/**
 * A proxy with which the real Keycloak answers as another version was seen to, as far as the gateway distinguishes
 * versions.
 */
export function asOtherVersion(keycloakUrl: string, { version, eventsByDay = false }: OtherVersion): CountingProxy {
  const proxy = CountingProxy.to(keycloakUrl);
  proxy.change = async ({ path, query }, answer) => {
    if (eventsByDay && /\/(admin-)?events$/.test(path) && /^\d+$/.test(query.get("dateFrom") ?? ""))
      return Response.json({ error: "Invalid value for 'Date(From)', expected format is yyyy-MM-dd" }, { status: 400 });
    if (version === undefined || !path.endsWith("/admin/serverinfo") || !answer.ok) return answer;
    const info = (await answer.json()) as { systemInfo?: object };
    return Response.json({ ...info, systemInfo: { ...info.systemInfo, version } });
  };
  return proxy;
}
