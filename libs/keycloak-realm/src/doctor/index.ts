/** Checks all that the gateway depends on, and says what is wrong and what to do. Changes nothing. */

export type { Finding } from "@libs/problems/findings";
export { type FindingCode, findingCatalogue, type Severity } from "@libs/problems/findings";
export type { DoctorOptions, DoctorReport } from "./doctor-options.ts";
export { runDoctor } from "./run-doctor.ts";
