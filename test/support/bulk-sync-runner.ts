// Brings all users over and prints where it begins and each page that is written, one JSON a line. Run as a process, to be killed.
import { type BulkTarget, createBulkService } from "./bulk-service.ts";

const target = JSON.parse(process.argv[2] ?? "{}") as BulkTarget & { pageSize: number };
const { bulk, integration, close } = createBulkService(target);
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const list = integration.userRepository.searchUsers.bind(integration.userRepository);
integration.userRepository.searchUsers = async (search) => {
  const { createdAfter: from, createdBefore: to, first } = search;
  if (from && to) print({ from: from.getTime(), to: to.getTime(), first });
  return await list(search);
};
const { state, counts, resumedFrom } = await bulk.sync({ pageSize: target.pageSize });
print({ state, counts, resumed: resumedFrom !== null });
await close();
