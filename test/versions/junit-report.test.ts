import { expect, test } from "bun:test";
import { readJunitReport } from "./junit-report.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" failures="1">
  <testsuite name="a.ts" tests="3">
    <testcase name="is &lt;right&gt; &amp; quick" classname="a" time="0.1" />
    <testcase name="is wrong" classname="a" time="0.1">
      <failure type="AssertionError" />
    </testcase>
    <testcase name="is right" classname="name=&quot;b&quot;" time="0.1"/>
  </testsuite>
</testsuites>`;

test("counts what passed and names what failed", () => {
  expect(readJunitReport(REPORT)).toEqual({ passed: 2, failed: ["is wrong"] });
});

test("names are as they were written", () => {
  expect(readJunitReport(REPORT.replaceAll("is wrong", "a &lt;b&gt; &amp;amp;"))?.failed).toEqual(["a <b> &amp;"]);
});

test("nothing is no report", () => {
  expect(readJunitReport("")).toBeUndefined();
});
