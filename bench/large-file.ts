import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCsv } from './large-file/make-csv.ts';
import { startProduct, type Job, type Product } from './large-file/service.ts';
import { commandOf, listDescendants, MemoryWatch } from './large-file/watch-memory.ts';

/**
 * One large CSV to Parquet through the API, as a queued job on the Enterprise plan: upload,
 * progress, memory, a download that is broken off and resumed, and a cancel.
 *
 *     npx node bench/large-file.ts [megabytes=2048]
 */
const megabytes = Number(process.argv[2] ?? 2048);

// Short, and passable for the database's user.
const folder = await mkdtemp('/tmp/mutate-large-');
await chmod(folder, 0o711);
const product = await startProduct(join(folder, 'data'));
const serverPid = product.child.pid ?? 0;
const memory = new MemoryWatch(serverPid);
try {
  const path = join(folder, 'large.csv');
  const { bytes, rows } = await makeCsv(path, megabytes * 1_048_576);
  report('input', `${(bytes / 1e6).toFixed(0)} MB, ${rows} rows, 10 columns`);
  await sleep(500);
  report('server at rest', `${memory.peaks.server} MB`);
  const uploadMs = await time(() => convertLarge(path));
  report('all together', seconds(uploadMs));
  await cancelLarge(path);
} finally {
  memory.stop();
  await product.stop();
  await rm(folder, { recursive: true, force: true });
}

async function convertLarge(path: string): Promise<void> {
  memory.reset();
  let job: Job | null = null;
  const uploadMs = await time(async () => {
    job = await product.upload(path, { to: 'parquet' });
  });
  if (job === null) throw new Error('no job');
  const { id } = job as Job;
  report('upload until 202', `${seconds(uploadMs)}, server's peak ${memory.peaks.server} MB`);
  memory.reset();
  const seen: number[] = [];
  let done: Job = job;
  const convertMs = await time(async () => {
    while (done.status === 'queued' || done.status === 'processing') {
      await sleep(250);
      done = await findJob(product, id);
      if (done.progress.percent !== seen.at(-1)) seen.push(done.progress.percent);
    }
  });
  if (done.output === null) throw new Error(`the job has ${JSON.stringify(done.error)}`);
  report(
    'conversion',
    `${seconds(convertMs)}, output ${(done.output.size_bytes / 1e6).toFixed(0)} MB`,
  );
  report('progress', `${seen.length} different values: ${seen.join(' ')}`);
  report('peaks', `server ${memory.peaks.server} MB, converting child ${memory.peaks.child} MB`);
  memory.reset();
  await resumeDownload(done);
}

/** Breaks the download off in the middle and goes on from there. */
async function resumeDownload(job: Job): Promise<void> {
  const { size_bytes: size = 0, sha256 } = job.output ?? {};
  const path = `/conversions/${job.id}/output`;
  const hash = createHash('sha256');
  let received = 0;
  const ms = await time(async () => {
    const first = await product.call(path);
    for await (const chunk of first.body ?? []) {
      hash.update(chunk as Uint8Array);
      received += (chunk as Uint8Array).length;
      if (received > size / 2) break;
    }
    const rest = await product.call(path, {
      headers: { range: `bytes=${received}-`, 'if-range': first.headers.get('etag') ?? '' },
    });
    if (rest.status !== 206) throw new Error(`the rest was answered ${rest.status}`);
    for await (const chunk of rest.body ?? []) hash.update(chunk as Uint8Array);
  });
  const whole = hash.digest('hex') === sha256 ? 'the same bytes' : 'OTHER BYTES';
  report('download, resumed', `${seconds(ms)}, ${whole}, server's peak ${memory.peaks.server} MB`);
}

async function cancelLarge(path: string): Promise<void> {
  const { id } = await product.upload(path, { to: 'parquet' });
  while ((await findJob(product, id)).progress.percent < 20) await sleep(200);
  const children = listDescendants(serverPid).filter(({ command }) =>
    command.includes('duckdbEngine'),
  );
  if (children.length === 0) throw new Error('no converting process was found');
  const isRunning = () => children.some(({ pid }) => commandOf(pid) !== '');
  const ms = await time(async () => {
    const answer = await product.call(`/conversions/${id}/cancel`, { method: 'POST' });
    if (answer.status !== 200) throw new Error(`the cancel was answered ${answer.status}`);
    while (isRunning()) await sleep(5);
  });
  report('cancel', `answered, and every process of it gone, after ${ms.toFixed(0)} ms`);
}

async function findJob(from: Product, id: string): Promise<Job> {
  return (await (await from.call(`/conversions/${id}`)).json()) as Job;
}

async function time(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function report(name: string, value: string): void {
  console.log(`${name.padEnd(20)} ${value}`);
}
