import Bowser from "bowser";
import type { z } from "zod";
import type { deviceSchema } from "./schemas.ts";

/** What a user agent says of the device, for people to recognise it by. It may say anything: nothing rests on it. */
export function describeDevice(userAgent: string | null): z.infer<typeof deviceSchema> {
  if (!userAgent) return { browser: null, os: null, type: null };
  const { browser, os, platform } = Bowser.parse(userAgent);
  return { browser: nameOf(browser), os: nameOf(os), type: platform.type ?? null };
}

function nameOf({ name, version }: { name?: string | undefined; version?: string | undefined }): string | null {
  if (!name) return null;
  const major = version?.split(".")[0];
  return major ? `${name} ${major}` : name;
}
