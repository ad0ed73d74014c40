import type { Logger, Registry } from "@libs/observability";
import { isAuthError } from "@libs/problems";
import type { KeycloakEventSource, KeycloakUserRepository, TokenClient } from "../ports/ports.ts";
import { HashingBulkhead, type HashingOptions } from "./hashing-bulkhead.ts";
import { type CircuitOptions, KeycloakCircuit } from "./keycloak-circuit.ts";
import {
  type Guard,
  type Guards,
  protectEventSource,
  protectTokenClient,
  protectUserRepository,
} from "./protected-ports.ts";
import { type CircuitCalls, createProtectionMetrics } from "./protection-metrics.ts";

/**
 * How calls to one Keycloak are held back.
 * @see {@link KeycloakIntegrationService}
 */
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

/**
 * Puts a bound on password hashing and a circuit breaker before every call to Keycloak. Calls that hash have a circuit of
 * their own, so that no login ever holds a refresh back; an answer to any call closes both. The readiness check never
 * opens a circuit, and closes them as any successful call does: who sees "ready" gets through.
 */
export function protectKeycloak<T extends Protectable>(adapters: T, options: ProtectionOptions, registry: Registry): T {
  const metrics = createProtectionMetrics(registry);
  const circuits = options.circuit.failures > 0 ? createCircuits(options, metrics.circuit) : undefined;
  const bulkhead = options.hashing.concurrency > 0 ? new HashingBulkhead(options.hashing) : undefined;
  if (bulkhead) metrics.watchHashing(bulkhead);

  const ofHashing: Guard = (work) => (circuits ? circuits.hashing.run(work) : work());
  const ofOthers: Guard = (work) => (circuits ? circuits.other.run(work) : work());
  const countingRefusals = (error: unknown) => {
    if (isAuthError(error, "service.overloaded")) metrics.overloaded();
    return error;
  };
  const hashing: Guard = async (work) => {
    if (!bulkhead) return await ofHashing(work);
    try {
      return await bulkhead.run(() => ofHashing(work));
    } catch (error) {
      throw countingRefusals(error);
    }
  };
  const guards: Guards = { hashing, others: ofOthers };
  return {
    ...adapters,
    userRepository: protectUserRepository(adapters.userRepository, guards),
    tokenClient: protectTokenClient(adapters.tokenClient, guards),
    eventSource: protectEventSource(adapters.eventSource, guards),
    assertRoom: () => {
      try {
        bulkhead?.assertRoom();
      } catch (error) {
        throw countingRefusals(error);
      }
    },
    checkReady: async () => {
      if (circuits && circuits.other.state !== "closed") return await circuits.other.run(adapters.checkReady);
      await adapters.checkReady();
      circuits?.answered();
    },
  };
}

type Observe = (calls: CircuitCalls, state: KeycloakCircuit["state"]) => void;

/** One for each kind of calls; what Keycloak answers to one kind is good for all. */
function createCircuits({ circuit, logger }: ProtectionOptions, observe: Observe) {
  const create = (calls: CircuitCalls) =>
    new KeycloakCircuit(circuit, {
      onAnswer: () => answered(),
      onChange: (state) => {
        observe(calls, state);
        if (state === "closed") logger.info({ circuit: state, calls }, "Keycloak answers again");
        else logger.warn({ circuit: state, calls }, "the circuit breaker is open: calls to Keycloak fail at once");
      },
    });
  const [hashing, other] = [create("hashing"), create("other")];
  const answered = () => {
    hashing.answered();
    other.answered();
  };
  return { hashing, other, answered };
}
