/** A call failed that was made as Keycloak's administrator, not as the gateway's client: its `cause` says how. */
export class AdministratorFailure extends Error {
  override readonly name = "AdministratorFailure";

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** For `.catch`. @throws AdministratorFailure */
export function asAdministrator(error: unknown): never {
  throw new AdministratorFailure(error);
}
