import type KcAdminClient from "@keycloak/keycloak-admin-client";

export interface GrantStep {
  /** Id of an authenticator, for example `deny-access-authenticator`. */
  provider: string;
  config?: Record<string, string>;
  /** Only for people with this realm role; else for everybody. */
  role?: string;
  /** Right after the user is known, before the password is checked. */
  first?: boolean;
}

let flows = 0;

/** Gives the realm a copy of the built-in direct grant flow with one more step. @returns gives it the built-in one back */
export async function withGrantStep(admin: KcAdminClient, step: GrantStep): Promise<() => Promise<void>> {
  const realm = admin.realmName;
  const flow = `direct grant ${++flows}`;
  const { authenticationManagement: management } = admin;
  await management.copyFlow({ flow: "direct grant", newName: flow });
  const sub = `${flow} step`;
  await management.addFlowToFlow({ flow, alias: sub, type: "basic-flow", provider: "", description: "" } as never);
  if (step.role) await add(admin, sub, "conditional-user-role", { condUserRole: step.role });
  await add(admin, sub, step.provider, step.config);
  const executions = await management.getExecutions({ flow });
  const added = executions.find(({ displayName }) => displayName === sub);
  const requirement = step.role ? "CONDITIONAL" : "REQUIRED";
  await management.updateExecution({ flow }, { ...added, requirement });
  // Past the one-time password and the password.
  if (step.first) for (let up = 0; up < 2; up++) await management.raisePriorityExecution({ id: String(added?.id) });
  await admin.realms.update({ realm }, { directGrantFlow: flow });
  return () => admin.realms.update({ realm }, { directGrantFlow: "direct grant" });
}

async function add(admin: KcAdminClient, flow: string, provider: string, config?: Record<string, string>) {
  const { authenticationManagement: management } = admin;
  const { id } = await management.addExecutionToFlow({ flow, provider });
  const added = (await management.getExecutions({ flow })).find((execution) => execution.id === id);
  await management.updateExecution({ flow }, { ...added, requirement: "REQUIRED" });
  if (config) await management.createConfig({ id: String(id), alias: `${flow} ${provider}`, config });
}
