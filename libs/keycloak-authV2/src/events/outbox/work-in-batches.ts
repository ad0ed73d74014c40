import type { Job, JobResult, PgBoss } from "pg-boss";
import type { EventJobData } from "./event-job.ts";

/** A slow event keeps its worker from taking new ones; the others go on. */
const WORKERS = 4;
const POLL_S = 2;

/**
 * Works a queue of events. Taking one costs pg-boss a scan of all that wait, so several are taken at once, each of
 * another user; each is settled as soon as it is done, so that a slow one holds back its own user alone.
 */
export async function workInBatches(
  boss: PgBoss,
  queue: string,
  concurrency: number,
  handle: (job: Job<EventJobData>) => Promise<JobResult>,
): Promise<void> {
  const workers: string[] = [];
  const options = {
    pollingIntervalSeconds: POLL_S,
    notifyPollingIntervalSeconds: POLL_S,
    batchSize: Math.ceil(concurrency / WORKERS),
    perJobResults: true,
  } as const;
  const wake = () => {
    for (const worker of workers) boss.notifyWorker(worker);
  };
  for (let index = 0; index < Math.min(WORKERS, concurrency); index++) {
    const worker = await boss.work<EventJobData, object, typeof options>(queue, options, async (jobs) => {
      // Goes on at once while there are events, instead of at the next poll.
      boss.notifyWorker(workers[index] ?? "");
      let open = jobs.length;
      const handleOne = async (job: Job<EventJobData>) => {
        const result = await handle(job);
        open--;
        if (open > 0 && (await settle(boss, queue, job, result))) wake();
        return result;
      };
      return await Promise.all(jobs.map(handleOne));
    });
    workers[index] = worker;
  }
}

/** @returns false when it could not be settled yet: then it is settled with the rest of its batch */
async function settle(boss: PgBoss, queue: string, { id, retryCount }: Job, result: JobResult): Promise<boolean> {
  const attempt = { id, retryCount };
  const settled =
    result.status === "completed" ? boss.complete(queue, attempt) : boss.fail(queue, attempt, result.output ?? {});
  return await settled.then(
    () => true,
    () => false,
  );
}
