/** What a service checks of its configuration before it is ready, and again and again. Changes nothing. */
export { clockFindings } from "./check-clock.ts";
export { checkDirectUrl } from "./check-direct-url.ts";
export { checkGuard } from "./check-guard.ts";
export { checkRealmPage, type RealmPage } from "./check-realm-page.ts";
export { CONNECTION, checkSchema } from "./check-schema.ts";
export {
  type ConfigurationProblem,
  ConfigurationWatch,
  type ConfigurationWatchOptions,
} from "./configuration-watch.ts";
export { firstOfEach } from "./first-of-each.ts";
export { isOutage, noAnswer, outageAlone } from "./no-answer.ts";
export { type GuardCheckOptions, QUICK_TIMEOUT_MS, type QuickOptions } from "./quick-options.ts";
