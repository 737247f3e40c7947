import os from 'node:os';
import { parseArgs } from 'node:util';
import type { Context } from '../packages/server/src/context.ts';
import { Pool } from '../packages/server/src/db/pool.ts';
import { sql } from '../packages/server/src/db/sql.ts';
import { findUsageDecision } from '../packages/server/src/metering/explain.ts';
import { listEvents } from '../packages/server/src/metering/export-sql.ts';
import { listUsageHistory } from '../packages/server/src/metering/history.ts';
import { RefusalRecorder } from '../packages/server/src/metering/refusals.ts';
import { findUsage } from '../packages/server/src/metering/usage.ts';
import { startBenchServer } from './metering/ledger.ts';
import { type History, makeHistory } from './usage-data/make-history.ts';

/**
 * Makes millions of events in a PostgreSQL of its own and times everything that a usage page asks.
 * Ends with 1 where a median is above the goal.
 *
 * npx node bench/usage-data.ts [--events 10000000]
 */
const { values } = parseArgs({ options: { events: { type: 'string', default: '10000000' } } });
const events = Number(values.events);
if (!Number.isSafeInteger(events) || events < 10_000) throw new Error('--events is 10000 or more');
const [runs, goalMs, organizations] = [20, 50, 1_001];
const now = new Date();
const clock = { now: () => now };
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: console.warn, error: console.error };

interface Question {
  readonly name: string;
  ask(): Promise<unknown>;
}

const server = await startBenchServer();
const stop = (): void => void server.stop().finally(() => process.exit(130));
process.once('SIGINT', stop).once('SIGTERM', stop);
try {
  const { connection, organizationIds } = await server.createLedger('usage_data', organizations);
  // Making the data takes minutes a statement.
  const db = new Pool({ connection, connectionsMax: 2, queryTimeoutMs: 0 });
  const startedMs = performance.now();
  const history = await makeHistory(db, organizationIds, events, now);
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const [size] = await db.query<{ events: number; size: string }>(
    sql`SELECT (SELECT count(*) FROM usage_events) AS events,
      pg_size_pretty(pg_database_size(current_database())) AS size`,
  );
  console.log(
    `\n${size?.events} events in ${organizations} organizations, ${size?.size}, made in ` +
      `${seconds} s; ${os.availableParallelism()} cores, Node ${process.versions.node}; ` +
      `milliseconds of ${runs} warm runs: median (slowest)\n`,
  );
  process.exitCode = (await timeAll(db, history)) ? 0 : 1;
  await db.close();
} finally {
  process.off('SIGINT', stop).off('SIGTERM', stop);
  await server.stop();
}

async function timeAll(db: Pool, history: History): Promise<boolean> {
  const large = questionsOf(db, history.largeId, history);
  const small = questionsOf(db, history.smallId, history);
  let isGoalMet = true;
  console.log('| question | half of all events | a thousandth of the rest |\n|---|---|---|');
  for (const [index, question] of large.entries()) {
    const cells: string[] = [];
    for (const one of [question, small[index]]) {
      if (one === undefined) continue;
      const { median, slowest } = await time(one);
      isGoalMet &&= median < goalMs;
      cells.push(`${median.toFixed(1)} (${slowest.toFixed(1)})`);
    }
    console.log(`| ${question.name} | ${cells.join(' | ')} |`);
  }
  return isGoalMet;
}

function questionsOf(db: Pool, organizationId: string, history: History): Question[] {
  const ctx: Context = {
    db,
    clock,
    log,
    actor: { kind: 'system', id: 'bench' },
    requestId: 'req_bench',
    organization: { id: organizationId },
  };
  const refusals = new RefusalRecorder({ db, clock, log });
  const year = { from: new Date(now.getTime() - 365 * 86_400_000), to: now };
  const isLarge = organizationId === history.largeId;
  const explain = (name: string, requestId: string): Question => ({
    name,
    ask: () => findUsageDecision(ctx, refusals, requestId),
  });
  return [
    { name: 'usage', ask: () => findUsage(ctx) },
    ...historyQuestions(ctx),
    {
      name: 'export, first page of a year',
      ask: () => db.query(listEvents(organizationId, year, null, 2_000)),
    },
    explain('decision, refused', history.refusedRequestId),
    // Only the large one has jobs.
    ...(isLarge ? [explain('decision, charged', history.chargedRequestId)] : []),
  ];
}

function historyQuestions(ctx: Context): Question[] {
  const questions: Question[] = [];
  const spans = { month: 30, year: 365 };
  for (const interval of ['hour', 'day', 'month', 'period'] as const) {
    for (const [span, days] of Object.entries(spans)) {
      if (interval === 'hour' && span === 'year') continue;
      const from = new Date(now.getTime() - days * 86_400_000).toISOString();
      for (const groupBy of [undefined, 'type', 'api_key', 'member'] as const) {
        questions.push({
          name: `a ${span} by ${interval}${groupBy === undefined ? '' : ` and ${groupBy}`}`,
          ask: () => listUsageHistory(ctx, { interval, from, group_by: groupBy }),
        });
      }
    }
  }
  return questions;
}

async function time(question: Question): Promise<{ median: number; slowest: number }> {
  const tookMs: number[] = [];
  // Six before: the driver's prepared statements have then found the plan that they keep.
  for (let run = -6; run < runs; run += 1) {
    const startMs = performance.now();
    await question.ask();
    if (run >= 0) tookMs.push(performance.now() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  return { median: tookMs[Math.floor(runs / 2)] ?? 0, slowest: tookMs.at(-1) ?? 0 };
}
