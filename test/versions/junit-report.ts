/** What `bun test --reporter=junit` wrote. */
export interface JunitReport {
  passed: number;
  /** Names of tests, and of files whose set-up failed. */
  failed: string[];
}

/** @param xml of one run. @returns undefined where there is no report in it */
export function readJunitReport(xml: string): JunitReport | undefined {
  if (!xml.includes("<testsuites")) return undefined;
  const cases = [...xml.matchAll(/<testcase ([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = "", , inner = ""]) => ({
      name: attribute(attributes, "name"),
      failed: /<(failure|error)\b/.test(inner),
    }),
  );
  const failed = cases.filter((found) => found.failed);
  return { passed: cases.length - failed.length, failed: failed.map(({ name }) => name) };
}

function attribute(attributes: string, name: string): string {
  const text = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity] ?? "");
}
