import type { Logger } from "@libs/observability";
import type { FeedProblem, FeedProblemKind, FeedProblems } from "./feed-problems.ts";

/** What an operator is to do about each. `docs/change-feed.md` has them as a table. */
export const problemTodos: Record<FeedProblemKind, string> = {
  user_events_off: "switch the realm's user events on (authctl realm apply): what people change does not arrive",
  admin_events_off:
    "switch the realm's admin events on (authctl realm apply): what administrators change does not arrive",
  event_types_missing: "have the realm store the missing event types (authctl realm apply)",
  retention_too_short:
    "have the realm keep events for longer (authctl realm apply): they are deleted before they are read",
  clock_skew: "set the clocks: those of this machine, Keycloak and the database differ",
  no_permission: "give the service account the role view-events of realm-management (authctl realm apply)",
  canary_missing: "check whether Keycloak stores all events: one of the gateway's own logins is not among them",
  behind: "check whether Keycloak and PostgreSQL answer: changes in Keycloak are not read in time",
  deletions_paused: "check whether so many users were meant to be deleted in Keycloak; the rest follows slowly",
  dead_letters: "see authctl feed status for changes that could not be applied, then authctl feed replay",
  feed_off:
    "set RECONCILE_ENABLED=true, or update Keycloak to 26.2: its events can't be read, and changes arrive in no other way",
  full_reconciliation_running:
    "no action needed: events were lost, or one concerned many users, so every user is re-read",
  reconcile_late:
    "check whether Keycloak and PostgreSQL answer; if they do, raise RECONCILE_MAX_CALLS_PER_SECOND or RECONCILE_PERIOD_MS",
};

/** A change that waits longer, or no reading of events for longer, is a problem. Milliseconds. */
export const BEHIND_MS = 30_000;

/** The source under whose position the reading replica keeps its problems, for others to show. */
export const SHARED_PROBLEMS = "feed.problems";

/** Kinds that the shared position has under the name of earlier versions, whose replicas read and write it too. */
const storedKinds: Readonly<Partial<Record<FeedProblemKind, string>>> = {
  full_reconciliation_running: "full_look_running",
};

/** What the shared position calls a kind. */
export const toStoredKind = (kind: FeedProblemKind): string => storedKinds[kind] ?? kind;

/** The kind that the shared position calls so; undefined: none of this version's. */
export const fromStoredKind = (stored: string): FeedProblemKind | undefined =>
  (Object.keys(problemTodos) as FeedProblemKind[]).find((kind) => toStoredKind(kind) === stored);

/** Details for the log line: never a person's data. */
export type ProblemDetails = Record<string, string | number | string[]>;

/** The problems that this process knows of: one log line for each change of state, and a gauge. */
export class ProblemBoard implements FeedProblems {
  readonly #current = new Map<FeedProblemKind, FeedProblem>();

  constructor(
    private readonly gauge: { problem(kind: FeedProblemKind, present: boolean): void },
    private readonly logger: Logger,
    private readonly now: () => Date,
  ) {
    for (const kind of Object.keys(problemTodos) as FeedProblemKind[]) gauge.problem(kind, false);
  }

  report(kind: FeedProblemKind, todo: string = problemTodos[kind], details: ProblemDetails = {}): void {
    if (this.#current.has(kind)) return;
    this.#current.set(kind, { kind, todo, since: this.now() });
    this.gauge.problem(kind, true);
    const level = kind === "full_reconciliation_running" ? "warn" : "error";
    this.logger[level]({ problem: kind, ...details, todo }, `change feed: ${kind}`);
  }

  clear(kind: FeedProblemKind): void {
    if (!this.#current.delete(kind)) return;
    this.gauge.problem(kind, false);
    this.logger.info({ problem: kind }, `change feed: ${kind} is over`);
  }

  /** Reports or clears. */
  set(kind: FeedProblemKind, present: boolean, details: ProblemDetails = {}): void {
    if (present) this.report(kind, problemTodos[kind], details);
    else this.clear(kind);
  }

  list(): FeedProblem[] {
    return [...this.#current.values()];
  }
}
