import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../db/sql.ts';
import { formOf } from '../../test/batches.ts';
import { form } from '../../test/service.ts';
import { auditAnswers, isDrained, lapseIdempotencyClaims } from './audit.ts';
import { createWorkspace, type Request, type Workspace } from './load.ts';
import { Product } from './product.ts';

const lostCommitModes = ['synchronous', 'asynchronous', 'batch'] as const;
type LostCommitMode = (typeof lostCommitModes)[number];

export interface LostCommitResult {
  readonly kills: number;
  /** Kills after which a job that had been seen was gone: its commit never reached the disk. */
  readonly lost: number;
}

interface SeenJob {
  readonly id: string;
  readonly status: string;
}

const filesOfBatch = 3;
const rows = 300_000;

/**
 * Kills PostgreSQL -9 the moment a request's job can be seen, before anything makes its commit durable
 * that need not be, and repeats the request under its key until it is answered: one job a file that is
 * not failed, counted once, whether the admission survived or not.
 *
 * @param killsMax of each mode
 * @throws Error with every finding and the product's last words
 */
export async function proveLostCommits(killsMax: number): Promise<LostCommitResult> {
  const product = await Product.start('split');
  try {
    // Nothing but a commit that waits for the disk writes the log out.
    for (const statement of [
      sql`ALTER SYSTEM SET wal_writer_delay = '10s'`,
      sql`SELECT pg_reload_conf()`,
    ]) {
      await product.db.query(statement);
    }
    const workspace = await createWorkspace(product);
    let kills = 0;
    let lost = 0;
    for (const mode of lostCommitModes) {
      for (let kill = 0; kill < killsMax; kill++) {
        // Its supervisor starts PostgreSQL again five times a minute, and then gives up.
        if (kills++ >= 4) await sleep(13_000);
        if (await loseOnce(product, workspace, mode, `${mode}-${kill}`)) lost += 1;
      }
    }
    return { kills, lost };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n${product.readLog()}`, { cause: error });
  } finally {
    await product.stop();
  }
}

/** Answers whether the job that was seen was lost. */
async function loseOnce(
  product: Product,
  workspace: Workspace,
  mode: LostCommitMode,
  tag: string,
): Promise<boolean> {
  const request: Request = {
    tag,
    idempotent: true,
    asynchronous: mode !== 'synchronous',
    rows,
    answers: [],
  };
  const first = sendOnce(product, workspace, mode, request);
  const seen = await waitForJob(product, workspace, tag);
  await product.kill('postgres');
  await first;
  await product.revive();
  const [there] = await listJobs(product, workspace, tag);
  const isLost = there?.id !== seen.id;
  for (let round = 0; (request.answers.at(-1)?.status ?? 0) > 299 || round === 0; round++) {
    if (round > 100) throw new Error(`${tag} has no answer: ${JSON.stringify(request.answers)}`);
    await lapseIdempotencyClaims(product.db);
    await sendOnce(product, workspace, mode, request);
    await sleep(200);
  }
  while (!(await isDrained(product.db, workspace.id))) await sleep(50);
  const wanted = mode === 'batch' ? filesOfBatch : 1;
  const live = (await listJobs(product, workspace, tag)).filter(
    ({ status }) => status !== 'failed',
  );
  const findings =
    live.length === wanted && live.every(({ status }) => status === 'succeeded')
      ? []
      : [`${tag} became ${JSON.stringify(live)}, not ${wanted} that succeeded`];
  // Of a batch all files have the tag, which the audit takes for one job's.
  const audited = await auditAnswers(product.db, workspace.id, mode === 'batch' ? [] : [request]);
  if (findings.length + audited.length > 0) throw new Error([...findings, ...audited].join('\n'));
  return isLost;
}

async function waitForJob(product: Product, workspace: Workspace, tag: string): Promise<SeenJob> {
  for (let round = 0; round < 5_000; round++) {
    const [job] = await listJobs(product, workspace, tag);
    if (job !== undefined) return job;
    await sleep(2);
  }
  throw new Error(`${tag} was never admitted`);
}

async function listJobs({ db }: Product, { id }: Workspace, tag: string): Promise<SeenJob[]> {
  const retried = async (left: number): Promise<SeenJob[]> =>
    db
      .query<SeenJob>(sql`SELECT id, status FROM jobs
        WHERE organization_id = ${id} AND metadata ->> 'tag' = ${tag} ORDER BY id`)
      .catch(async (error: unknown) => {
        if (left === 0) throw error;
        await sleep(100);
        return retried(left - 1);
      });
  return retried(100);
}

async function sendOnce(
  { url }: Product,
  { id, key }: Workspace,
  mode: LostCommitMode,
  request: Request,
): Promise<void> {
  const content = `a,b\n${`${request.tag},"x y"\n`.repeat(request.rows)}`;
  const fields = { to: 'json', metadata: JSON.stringify({ tag: request.tag }) };
  const names = Array.from({ length: filesOfBatch }, (_, index) => `${index}.csv`);
  const path = `${url}/v1/workspaces/${id}/conversions`;
  const answer = await fetch(mode === 'batch' ? `${path}/batch` : path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'idempotency-key': request.tag,
      ...(request.asynchronous ? { prefer: 'respond-async' } : {}),
    },
    body:
      mode === 'batch'
        ? formOf(
            names.map((name) => [name, content]),
            fields,
          )
        : form({ name: 'load.csv', content }, fields),
  }).then(
    async (response) => {
      const body = (await response.json()) as { id?: string; job_id?: string };
      return { status: response.status, jobId: body.id ?? body.job_id ?? null };
    },
    () => ({ status: 0, jobId: null }),
  );
  request.answers.push(answer);
}
