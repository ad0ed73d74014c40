export { type Servers } from "./servers.ts";
export { StackError } from "./stack-error.ts";
export { type StartServersOptions, startServers } from "./start-servers.ts";
