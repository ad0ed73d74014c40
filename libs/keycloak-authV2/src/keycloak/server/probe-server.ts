import type { ServerFeatures } from "../../ports/server-ports.ts";
import type { AdminApi, AnswerReader } from "../calls/admin-api.ts";
import { readCount, readUsers } from "../calls/user-representation.ts";

const OPERATION = "probe_server";

/** The year 9999: nobody was created after it. */
const FAR_FUTURE_MS = 253_402_300_799_999;

/** Somebody whom our account sees for certain. */
interface Witness {
  id: string;
  username: string;
  enabled: boolean;
}

/**
 * Asks the server what it can do, by calls that the gateway's own account may make: about five, which change nothing and
 * cost what reading one user does. Each asks for a known user in a way that only a server which understands the question
 * answers rightly, so that an empty realm is no special case.
 * @param api of the account that asks
 * @param clientId the client whose service account we speak as
 * @throws AuthError `keycloak.*`: nothing is known then
 * @see {@link createAdminApi}
 */
export async function probeServer(api: AdminApi, clientId: string): Promise<ServerFeatures> {
  const witness = await findWitness(api, clientId);
  // What the oldest server can do is right on every other, too.
  const ofWitness = (ask: typeof mindsCreatedTimes) => (witness ? ask(api, witness) : false);
  // All of them awaited as one: a failure of the first would otherwise be nobody's, and end the process.
  const [createdFilter, searchByIds, filteredCounts, eventsByTime] = await Promise.all([
    ofWitness(mindsCreatedTimes),
    ofWitness(findsSeveralIds),
    ofWitness(countsAsItLists),
    canReadEventsByTime(api),
  ]);
  return { createdFilter, searchByIds, filteredCounts, eventsByTime };
}

/** Our own service account, as a rule; with fine-grained permissions it may see others and not itself. */
async function findWitness(api: AdminApi, clientId: string): Promise<Witness | undefined> {
  const username = `service-account-${clientId.toLowerCase()}`;
  const one = { max: 1, briefRepresentation: true };
  const [own] = await api.call(OPERATION, async ({ users }) =>
    readUsers(await users.find({ ...one, username, exact: true })),
  );
  if (own) return own;
  const [other] = await api.call(OPERATION, async ({ users }) => readUsers(await users.find(one)));
  return other;
}

async function mindsCreatedTimes(api: AdminApi, { username }: Witness): Promise<boolean> {
  const query = { username, exact: true, max: 1, briefRepresentation: true, createdAfter: FAR_FUTURE_MS };
  const found = await api.call(OPERATION, async ({ users }) => readUsers(await users.find(query)));
  return found.length === 0;
}

/** A server that takes the rest for one id finds none of that name. */
async function findsSeveralIds(api: AdminApi, { id }: Witness): Promise<boolean> {
  const query = { search: `id:${id} ${id}`, briefRepresentation: true };
  const found = await api.call(OPERATION, async ({ users }) => readUsers(await users.find(query)));
  return found.length > 0;
}

async function countsAsItLists(api: AdminApi, { username, enabled }: Witness): Promise<boolean> {
  // Keycloak divides a search at blanks, quoted or not; an asterisk stands for anything.
  if (/[\s"*]/.test(username)) return false;
  const query = { search: `"${username}"`, enabled: !enabled };
  return (await api.call(OPERATION, async ({ users }) => readCount(await users.count(query)))) === 0;
}

/** Asks for events of tomorrow: there are none, so that only the question counts. */
async function canReadEventsByTime(api: AdminApi): Promise<boolean | null> {
  const refused: AnswerReader<boolean | null> = ({ response: { status }, responseData }) => {
    if (status === 400) return { value: false };
    // Keycloak's own 500: its store of events fails, which is no reason to know nothing of users.
    const isOwn = typeof responseData === "object" && responseData !== null;
    return status === 403 || (status === 500 && isOwn) ? { value: null } : undefined;
  };
  const dateFrom = String(FAR_FUTURE_MS);
  const ask = async ({ realms, realmName: realm }: Client) => {
    await realms.findEvents({ realm, dateFrom, dateTo: dateFrom, max: 1, direction: "asc" } as FindEvents);
    return true;
  };
  return await api.call<boolean | null>(OPERATION, ask, refused);
}

type Client = Parameters<Parameters<AdminApi["call"]>[1]>[0];
// The client's types know neither `direction` nor times in epoch milliseconds, but it passes them on.
type FindEvents = Parameters<Client["realms"]["findEvents"]>[0];
