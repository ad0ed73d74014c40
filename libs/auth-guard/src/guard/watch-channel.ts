import type { Logger, Registry } from "@libs/observability";
import { lazyGauge } from "@libs/observability/lazy-gauge";

export interface ChannelWatchOptions {
  registry?: Registry;
  logger?: Logger;
  /** Called with the problem when the channel of changes is lost, and with null when it is back. */
  onProblem?: (problem: GuardProblemKind | null) => void;
  /** Milliseconds. */
  staleMs: number;
}

/**
 * Why answers may be up to `staleMs` old.
 * @example
 * ```ts
 * import { type GuardProblemKind, keycloakAuth } from "@libs/auth-guard";
 *
 * const report = (problem: GuardProblemKind | null) => console.warn(problem ?? "changes arrive again");
 * export const plugin = keycloakAuth({ onProblem: report });
 * ```
 */
export type GuardProblemKind = "channel_lost";

/** Reports whether changes reach this process: by the metric `guard_channel_up`, the log, and the service's own callback. */
export function watchChannel({ registry, logger, onProblem, staleMs }: ChannelWatchOptions) {
  const gauge =
    registry &&
    lazyGauge(registry, {
      name: "guard_channel_up",
      help: "1 while this process is notified of changes to sessions and rights; otherwise it looks them up.",
    });
  gauge?.set({}, 0);
  let wasLost = false;
  return (up: boolean): void => {
    gauge?.set({}, up ? 1 : 0);
    if (!up) logger?.warn({ staleMs }, "changes to sessions and rights are not reported: each is looked up");
    else if (wasLost) logger?.info("changes to sessions and rights are reported again");
    wasLost = !up;
    onProblem?.(up ? null : "channel_lost");
  };
}
