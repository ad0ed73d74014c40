/** Looks at all that the gateway stands on, and says what is wrong and what to do. Changes nothing. */
export type { DoctorOptions, DoctorReport } from "./doctor-options.ts";
export type { Finding } from "./finding.ts";
export { type FindingCode, findingCatalogue, type Severity } from "./finding-catalogue.ts";
export { runDoctor } from "./run-doctor.ts";
