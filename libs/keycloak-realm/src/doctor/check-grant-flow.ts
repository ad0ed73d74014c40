import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { type Finding, finding } from "@libs/problems/findings";
import { findClient } from "../realm/gateway-client.ts";

/** Steps that a login without a browser can do, beside conditions. */
const USABLE = new Set([
  "direct-grant-validate-username",
  "direct-grant-validate-password",
  "direct-grant-validate-otp",
  "allow-access-authenticator",
  "deny-access-authenticator",
  "user-session-limits",
]);
const DENYING = new Set(["deny-access-authenticator", "user-session-limits"]);
const PASSWORD = "direct-grant-validate-password";

interface Step {
  provider: string;
  name: string;
  /** Within a flow that is only for some people. */
  conditional: boolean;
  configId: string | undefined;
}

/**
 * The flow that the gateway's logins go through: the client's own, or the realm's. Only an administrator may read flows.
 * @param directGrantFlow alias of the realm's
 */
export async function checkGrantFlow(
  api: AdminApi,
  { realm, clientId }: { realm: string; clientId: string },
  directGrantFlow = "direct grant",
): Promise<Finding[]> {
  const client = await findClient(api, realm, clientId);
  const own = client?.authenticationFlowBindingOverrides?.direct_grant;
  const flow = own ? await aliasOf(api, realm, own) : directGrantFlow;
  const executions = await api.call("list_executions", ({ authenticationManagement }) =>
    authenticationManagement.getExecutions({ realm, flow }),
  );
  const steps = activeSteps(executions);
  const broken = steps.flatMap((step) => faultOf(step) ?? []);
  const passwordAt = steps.findIndex(({ provider }) => provider === PASSWORD);
  if (passwordAt < 0) broken.push("no step checks the password");
  const denying = [];
  for (const step of steps.filter(({ provider }) => DENYING.has(provider))) {
    if (await denies(api, realm, step)) denying.push(step);
  }
  const early = denying.filter((step) => steps.indexOf(step) < passwordAt);
  return [
    ...(broken.length > 0 ? [finding("realm.grant_flow_broken", `${flow}: ${broken.join("; ")}`)] : []),
    ...(denying.length > 0 ? [finding("realm.grant_flow_denies", `${flow}: ${namesOf(denying)}`)] : []),
    ...(early.length > 0 ? [finding("realm.grant_flow_reveals", `${flow}: ${namesOf(early)}`)] : []),
  ];
}

const namesOf = (steps: Step[]): string => steps.map(({ name }) => name).join(", ");

async function aliasOf(api: AdminApi, realm: string, flowId: string): Promise<string> {
  const flow = await api.call("read_flow", ({ authenticationManagement }) =>
    authenticationManagement.getFlow({ realm, flowId }),
  );
  return String(flow.alias);
}

interface Execution {
  level?: number;
  requirement?: string;
  providerId?: string;
  displayName?: string;
  authenticationFlow?: boolean;
  authenticationConfig?: string;
}

/** In their order; a flow that is switched off takes all below it along. */
function activeSteps(executions: readonly Execution[]): Step[] {
  const steps: Step[] = [];
  let offBelow = Number.POSITIVE_INFINITY;
  let conditionalBelow = Number.POSITIVE_INFINITY;
  for (const { level = 0, requirement, authenticationFlow, ...execution } of executions) {
    if (level <= offBelow) offBelow = Number.POSITIVE_INFINITY;
    if (level <= conditionalBelow) conditionalBelow = Number.POSITIVE_INFINITY;
    if (level > offBelow) continue;
    if (requirement === "DISABLED") offBelow = level;
    else if (authenticationFlow) {
      if (requirement === "CONDITIONAL") conditionalBelow = Math.min(conditionalBelow, level);
    } else {
      const { providerId: provider = "", displayName: name = provider, authenticationConfig: configId } = execution;
      steps.push({ provider, name, conditional: level > conditionalBelow, configId });
    }
  }
  return steps;
}

/** @returns what is wrong with a step for all whom it is for; undefined for one that works */
function faultOf({ provider, name, conditional, configId }: Step): string | undefined {
  if (provider.startsWith("conditional-")) return undefined;
  if (!USABLE.has(provider)) return `"${name}" needs a browser or a certificate`;
  if (provider === "direct-grant-validate-otp" && !conditional) return `"${name}" fails for people who have none`;
  if (provider === "user-session-limits" && configId === undefined) return `"${name}" is not configured`;
  if (provider === "deny-access-authenticator" && !conditional) return `"${name}" denies everybody`;
  return undefined;
}

/** A limit of sessions may end the oldest instead. */
async function denies(api: AdminApi, realm: string, { provider, configId }: Step): Promise<boolean> {
  if (provider !== "user-session-limits") return true;
  if (configId === undefined) return false;
  const { config } = await api.call("read_flow_config", ({ authenticationManagement }) =>
    authenticationManagement.getConfig({ realm, id: configId }),
  );
  return config?.behavior !== "Terminate oldest session";
}
