import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.ts';
import {
  auditAnswers,
  describeHeld,
  holdsDeadSlots,
  isDrained,
  lapseIdempotencyClaims,
} from './audit.ts';
import { createWorkspace, Load, type Request, send, type Workspace } from './load.ts';
import { Product, type Shape, type Victim } from './product.ts';

export interface FaultsOptions {
  readonly shape: Shape;
  readonly seed: number;
  readonly kills: number;
  readonly clients?: number;
  /** Killed in turn; everything there is, unless named. */
  readonly victims?: readonly Victim[];
  readonly onKill?: (kill: KillReport) => void;
}

export interface KillReport {
  readonly victim: Victim;
  /** From the moment the product answers again until no slot and no unit was held any more. */
  readonly drainedMs: number;
}

export interface FaultsResult {
  readonly kills: readonly KillReport[];
  readonly requests: number;
  /** How often each status was answered; 0: no answer. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** A slot whose holder is dead is free by then. */
const slotsFreeMsMax = 30_000;
/** What was waiting is worked off by then, also on a machine with other things to do. */
const drainMsMax = 180_000;

/**
 * Kills -9 parts of the product under load, at random moments, and after each kill holds every answer
 * that was acknowledged against the database: nothing is lost, nothing counted twice, every slot free
 * within 30 s, the invariants hold, and what is repeated under its idempotency key counts once.
 *
 * @throws Error with the seed, every finding and the product's last words
 */
export async function proveFaults(options: FaultsOptions): Promise<FaultsResult> {
  const random = new Random(options.seed);
  const product = await Product.start(options.shape);
  try {
    const workspace = await createWorkspace(product);
    const load = new Load(product, workspace, random);
    const victims = options.victims ?? product.victims;
    const kills: KillReport[] = [];
    for (let kill = 0; kill < options.kills; kill++) {
      // Every victim in turn, so that each is killed whatever the dice say.
      const victim = victims[kill % victims.length] ?? 'server';
      const report = await killOnce(product, workspace, load, { victim, random, options });
      kills.push(report);
      options.onKill?.(report);
    }
    return { kills, requests: load.requests.length, statuses: countStatuses(load.requests) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const replay = `shape ${options.shape}, PROOF_SEED=${options.seed}`;
    throw new Error(`${replay}: ${reason}\n${product.readLog()}`, { cause: error });
  } finally {
    await product.stop();
  }
}

async function killOnce(
  product: Product,
  workspace: Workspace,
  load: Load,
  given: { victim: Victim; random: Random; options: FaultsOptions },
): Promise<KillReport> {
  const { victim, random, options } = given;
  const over = new AbortController();
  const running = load.run(options.clients ?? 8, over.signal);
  await sleep(300 + random.below(1_200));
  await product.kill(victim);
  // The clients go on into the outage and out of it.
  await product.revive();
  const backMs = performance.now();
  await sleep(random.below(400));
  over.abort();
  await running;
  await waitUntilDrained(product, workspace, backMs);
  const drainedMs = Math.round(performance.now() - backMs);
  await lapseIdempotencyClaims(product.db);
  const open = load.requests.filter((request) => request.idempotent && !isAnswered(request));
  for (const request of open) await repeat(product, workspace, request);
  await waitUntilDrained(product, workspace, performance.now());
  const findings = await auditAnswers(product.db, workspace.id, load.requests);
  if (findings.length > 0) {
    throw new Error(`after a kill of ${victim}:\n${findings.slice(0, 20).join('\n')}`);
  }
  return { victim, drainedMs };
}

async function waitUntilDrained(
  { db }: Product,
  { id }: Workspace,
  sinceMs: number,
): Promise<void> {
  while (!(await isDrained(db, id))) {
    const tookMs = performance.now() - sinceMs;
    if (tookMs > drainMsMax || (tookMs > slotsFreeMsMax && (await holdsDeadSlots(db, id)))) {
      throw new Error(`after ${Math.round(tookMs)} ms ${await describeHeld(db, id)}`);
    }
    await sleep(50);
  }
}

const isAnswered = (request: Request): boolean =>
  request.answers.some(({ status }) => status !== 0 && status !== 409 && status < 429);

/** Until there is an answer: a client that was cut off asks again with its key. */
async function repeat(product: Product, workspace: Workspace, request: Request): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    await send(product, workspace, request);
    if (isAnswered(request)) return;
    await sleep(100);
  }
  throw new Error(`${request.tag} has no answer: ${JSON.stringify(request.answers.slice(-3))}`);
}

function countStatuses(requests: readonly Request[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of requests.flatMap((request) => request.answers)) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}
