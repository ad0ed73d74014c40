import { expect, test } from "bun:test";
import { describeDevice } from "./device.ts";

test("names browser, system and kind of device", () => {
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
  expect(describeDevice(firefox)).toEqual({ browser: "Firefox 133", os: "Linux", type: "desktop" });
  const safari =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
  expect(describeDevice(safari)).toEqual({ browser: "Safari 18", os: "iOS 18", type: "mobile" });
});

test("takes anything", () => {
  const unknown = { browser: null, os: null, type: null };
  for (const text of [null, ""]) expect(describeDevice(text)).toEqual(unknown);
  for (const text of ["curl/8.5.0", "x", "()".repeat(200), "\u0000"])
    expect(Object.keys(describeDevice(text))).toEqual(["browser", "os", "type"]);
});
