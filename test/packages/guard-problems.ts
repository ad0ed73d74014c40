// Prints what a guard finds wrong with its configuration, and ends once the guard is closed; for packages.test.ts.
import { createGuard } from "@libs/auth-guard/request";

const { guard, close } = createGuard();
await guard.configuration?.checkedOnce;
console.log(JSON.stringify({ passed: guard.configuration?.passed(), problems: guard.configuration?.problems() }));
await close();
