import type { KeyUse } from "@libs/keycloak-authV2/services/keys";
import { renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";

/** A table of the keys, with what to do about each. */
export function printKeyUses(terminal: Terminal, keys: readonly KeyUse[]): void {
  const first = keys.find(({ place }) => place === "first")?.keyId ?? "";
  const rows = keys.map((key) => [key.keyId || "(unknown form)", key.values, whatToDo(key, first)]);
  terminal.print(renderTable(terminal, ["key", "stored tokens", ""], rows));
}

/** Values that are not under the first key: there is something left to do. */
export function isLeft({ place, values }: KeyUse): boolean {
  return place !== "first" && values > 0;
}

function whatToDo(key: KeyUse, first: string): string {
  const { place, values, neededUntil, mayGo } = key;
  if (place === "first") return "encrypts";
  if (mayGo) return `can be removed, if every replica has ${first} first`;
  if (place === "unknown" && values > 0)
    return "not in the ring: put it back, second, or those users must log in again";
  if (values > 0) return `still written or not decrypted: put ${first} first on every replica, then run this again`;
  return `can be removed at ${neededUntil?.toISOString()}: until then it recognises repeated requests`;
}
