/** Secrets from variables and from files that may change, as Docker and Kubernetes mount them. */
export { SecretFileError } from "./read-secret-file.ts";
export { currentSecret, type Secret } from "./secret.ts";
export { SecretFile, type SecretFileEvents, type SecretFileOptions } from "./secret-file.ts";
export { type SecretSource, secretFromEnvironment, secretSource } from "./secret-from-environment.ts";
export { watchSecretFiles } from "./watch-secret-files.ts";
