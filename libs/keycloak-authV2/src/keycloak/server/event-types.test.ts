import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { createKeycloakAdapters } from "../keycloak-adapters.ts";
import { EventTypes } from "./event-types.ts";
import { KnownAnswer } from "./known-answer.ts";

/** As 26.4.7 does: an unknown type is a failure of the whole question; in its list there is none such. */
const TYPES = ["LOGIN", "LOGOUT", "UPDATE_EMAIL", "UPDATE_PROFILE"];
const unknownError = () =>
  Response.json(
    { error: "unknown_error", error_description: "For more on this error consult the server log." },
    { status: 500 },
  );

let known: string[] = [];
/** Whether `/admin/serverinfo` can be reached. */
let lists = true;
let isBroken = false;
let asked: string[][] = [];
let listed = 0;

const server = Bun.serve({
  port: 0,
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith("/token")) return Response.json({ access_token: "t", expires_in: 300 });
    if (pathname.endsWith("/serverinfo")) {
      listed += 1;
      return lists ? Response.json({ enums: { eventType: known } }) : new Response("no", { status: 403 });
    }
    const types = searchParams.getAll("type");
    asked.push(types);
    if (isBroken || types.some((type) => !known.includes(type))) return unknownError();
    return Response.json([{ id: "e1", time: 1, type: types[0] }]);
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  known = TYPES;
  lists = true;
  isBroken = false;
  asked = [];
  listed = 0;
});

const source = () =>
  createKeycloakAdapters({ url: server.url.href, realm: "r", clientId: "gw", clientSecret: "s" }).eventSource;
const page = { from: new Date(0), to: new Date(1), first: 0, max: 10 };
const wanted = [...TYPES, "USER_SESSION_DELETED"];

describe("user events of types that a server may not know", () => {
  test("are asked for without those, once the server has listed what it knows", async () => {
    const events = source();
    expect(await events.listUserEvents({ ...page, types: wanted })).toHaveLength(1);
    expect(await events.listUserEvents({ ...page, types: wanted })).toHaveLength(1);
    expect(await events.knownTypes(wanted)).toEqual(TYPES);
    expect({ asked, listed }).toEqual({ asked: [TYPES, TYPES], listed: 1 });
  });

  test("are not asked for at all where it knows none of them", async () => {
    expect(await source().listUserEvents({ ...page, types: ["USER_SESSION_DELETED"] })).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("are found by asking where its list can't be reached", async () => {
    lists = false;
    const events = source();
    expect(await events.listUserEvents({ ...page, types: wanted })).toHaveLength(1);
    expect(asked.at(-1)).toEqual(TYPES);
    asked = [];
    expect(await events.listUserEvents({ ...page, types: wanted })).toHaveLength(1);
    expect(asked).toEqual([TYPES]);
  });

  test("of a server that was replaced by an older one, too", async () => {
    let now = 0;
    const ask = async () => new Set(known);
    const types = new EventTypes(new KnownAnswer(ask, { freshMs: 600_000, now: () => now }));
    known = wanted;
    expect(await types.known(wanted)).toEqual(wanted);
    known = TYPES;
    now = 2_000;
    expect(await types.learn(wanted, async () => false)).toEqual(TYPES);
    expect(await types.known(wanted)).toEqual(TYPES);
  });

  test.each([true, false])(
    "are an outage where it fails whatever is asked (it lists its types: %p)",
    async (itLists) => {
      lists = itLists;
      isBroken = true;
      await failure(source().listUserEvents({ ...page, types: wanted }), "keycloak.unavailable");
    },
  );
});
