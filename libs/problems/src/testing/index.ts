export { failure } from "./failure.ts";
