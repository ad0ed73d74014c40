import { expect, test } from "bun:test";
import { createInMemoryRepositories, loginOf } from "@libs/database/testing";
import { checkSessionAddresses, crowdIn } from "./check-addresses.ts";

let people = 0;
/** @returns one session each of so many people at an address */
const from = (ipAddress: string, count: number) =>
  Array.from({ length: count }, () => ({ userId: `person-${people++}`, ipAddress }));
/** People with an address of their own each. */
const spread = (network: string, count: number) =>
  Array.from({ length: count }, (_, n) => from(`${network}.${n}`, 1)).flat();

test.each([
  ["nobody", []],
  ["a development machine", from("127.0.0.1", 9)],
  ["one person who logs in again and again", Array(200).fill({ userId: "ada", ipAddress: "127.0.0.1" })],
  ["people in an internal network, each at a place of their own", spread("10.0.0", 200)],
  ["people elsewhere", spread("203.0.113", 200)],
  ["a household of ten", from("203.0.113.7", 10)],
  ["an office among people elsewhere", [...from("203.0.113.7", 100), ...spread("198.51.100", 20)]],
  ["health checks of a few through an internal address", [...from("10.0.0.1", 12), ...spread("198.51.100", 100)]],
])("no proxy: %s", (_, sample) => {
  expect(crowdIn(sample)).toBeUndefined();
});

test.each([
  ["one proxy", from("10.0.0.1", 10), true, "10 of 10 people, from one address: 10.0.0.1"],
  ["on this machine", from("127.0.0.1", 10), true, "10 of 10 people, from one address: 127.0.0.1"],
  [
    "the nodes of a load balancer",
    ["fd00::1", "fd00::2", "fd00::3", "fd00::4"].flatMap((address) => from(address, 12)),
    true,
    "48 of 48 people, from 4 addresses: fd00::1, fd00::2, fd00::3",
  ],
  [
    "a proxy that some get past",
    [...from("172.18.0.2", 95), ...spread("203.0.113", 5)],
    true,
    "95 of 100 people, from one address: 172.18.0.2",
  ],
  ["one public address", from("203.0.113.7", 60), false, "60 of 60 people, from one address"],
] as const)("a proxy: %s", (_, sample, isInternal, detail) => {
  expect(crowdIn(sample)).toEqual({ isInternal, detail });
});

test("sessions of yesterday are of no account: what was wrong then may be right now", async () => {
  const { sessions, sessionAddresses } = createInMemoryRepositories();
  const startedAt = new Date("2026-11-23T12:00:00.000Z");
  for (let n = 0; n < 12; n++) await sessions.recordLogin(loginOf({ session: { ipAddress: "10.0.0.1", startedAt } }));
  const after = (ms: number) => checkSessionAddresses(sessionAddresses, () => startedAt.getTime() + ms);
  expect((await after(1_000)).map(({ code }) => code)).toEqual(["sessions.one_address"]);
  expect(await after(25 * 3_600_000)).toEqual([]);
});
