import type { BulkProgress } from "@libs/keycloak-authV2/services/bulk";

/** How a scan of all users is followed. */
export interface ProgressDisplay {
  show: (progress: BulkProgress) => void;
  /** A line beside the progress. */
  note: (line: string) => void;
  /** Nothing is shown after it. */
  close: () => void;
}
