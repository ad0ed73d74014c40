// For the tests of services.
export { expectProblem, expectServiceProblem } from "./expect-problem.ts";
