import type { Logger, Registry } from "@libs/observability";
import { isAuthError } from "../errors/index.ts";
import type { KeycloakEventSource, KeycloakUserRepository, TokenClient } from "../ports.ts";
import { HashingBulkhead, type HashingOptions } from "./hashing-bulkhead.ts";
import { type CircuitOptions, KeycloakCircuit } from "./keycloak-circuit.ts";
import { createProtectionMetrics } from "./protection-metrics.ts";

/** How calls to one Keycloak are held back. */
export interface ProtectionOptions {
  hashing: HashingOptions;
  circuit: CircuitOptions;
  logger: Logger;
}

interface Protectable {
  userRepository: KeycloakUserRepository;
  tokenClient: TokenClient;
  eventSource: KeycloakEventSource;
  checkReady(): Promise<void>;
  assertRoom(): void;
}

type Guard = <T>(work: () => Promise<T>) => Promise<T>;

/** The operations for which Keycloak hashes a password. */
const HASHING = new Set<PropertyKey>(["passwordGrant", "createUser"] satisfies (
  | keyof TokenClient
  | keyof KeycloakUserRepository
)[]);

/**
 * Puts a bound on password hashing and one circuit breaker before every call to Keycloak. The readiness check never
 * opens the circuit, and closes it as any successful call does: who is told "ready" gets through.
 */
export function protectKeycloak<T extends Protectable>(adapters: T, options: ProtectionOptions, registry: Registry): T {
  const metrics = createProtectionMetrics(registry);
  const circuit = options.circuit.failures > 0 ? createCircuit(options, metrics.circuit) : undefined;
  const bulkhead = options.hashing.concurrency > 0 ? new HashingBulkhead(options.hashing) : undefined;
  if (bulkhead) metrics.watchHashing(bulkhead);

  const throughCircuit: Guard = (work) => (circuit ? circuit.run(work) : work());
  const countingRefusals = (error: unknown) => {
    if (isAuthError(error, "service.overloaded")) metrics.overloaded();
    return error;
  };
  const hashing: Guard = async (work) => {
    if (!bulkhead) return await throughCircuit(work);
    try {
      return await bulkhead.run(() => throughCircuit(work));
    } catch (error) {
      throw countingRefusals(error);
    }
  };
  const guardOf = (name: PropertyKey) => (HASHING.has(name) ? hashing : throughCircuit);
  return {
    ...adapters,
    userRepository: guarded(adapters.userRepository, guardOf),
    tokenClient: guarded(adapters.tokenClient, guardOf),
    eventSource: guarded(adapters.eventSource, guardOf),
    assertRoom: () => {
      try {
        bulkhead?.assertRoom();
      } catch (error) {
        throw countingRefusals(error);
      }
    },
    checkReady: async () => {
      if (circuit && circuit.state !== "closed") return await circuit.run(adapters.checkReady);
      await adapters.checkReady();
      circuit?.answered();
    },
  };
}

function createCircuit({ circuit, logger }: ProtectionOptions, observe: (state: KeycloakCircuit["state"]) => void) {
  return new KeycloakCircuit(circuit, (state) => {
    observe(state);
    if (state === "closed") logger.info({ circuit: state }, "Keycloak answers again");
    else logger.warn({ circuit: state }, "calls to Keycloak are held back");
  });
}

/** The same port, each of its methods run by its guard. */
function guarded<T extends object>(port: T, guardOf: (name: PropertyKey) => Guard): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => guardOf(name)(async () => await member.apply(target, args));
    },
  });
}
