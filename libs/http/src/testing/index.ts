// For the tests of services.
export { expectProblem, expectServiceProblem } from "./expect-problem.ts";
export { badHosts, notThere, type OddTarget, requestHead, there } from "./odd-targets.ts";
export { type RawAnswer, sendRaw } from "./send-raw.ts";
