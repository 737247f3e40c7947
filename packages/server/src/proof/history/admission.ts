import type { Verdict } from '../../metering/schema.ts';
import {
  booksOf,
  countHeld,
  limitsOf,
  type Model,
  type ModelJob,
  organizationOf,
  roll,
  sweepModel,
} from './model.ts';

/** One call of a batch, as the model sees it. */
export interface ModelCall {
  readonly jobId: string;
  readonly organization: number;
  readonly kind: ModelJob['kind'];
  readonly mode: ModelJob['mode'];
  readonly type: string;
  readonly sizeBytes: number;
  readonly key: number | null;
}

export interface ModelDecision {
  readonly verdict: Verdict;
  readonly monthlyLimit: number | null;
  readonly used: number;
  /** Before the call itself. */
  readonly reserved: number;
}

/** Refusals after which dead workers' room is freed, and the batch decided once more. */
const forWantOfRoom: ReadonlySet<Verdict> = new Set([
  'quota_exceeded',
  'payment_overdue',
  'concurrency_limited',
  'spend_cap_reached',
  'queue_full',
]);

/** Admits a batch, one call after the other; answers what each is told. */
export function admitModel(model: Model, calls: readonly ModelCall[]): ModelDecision[] {
  const numbers = new Set(calls.map((call) => call.organization));
  for (const number of numbers) roll(model, number);
  const jobsBefore = model.jobs.length;
  const first = tryBatch(model, calls);
  if (!first.some(({ verdict }) => forWantOfRoom.has(verdict))) return first;
  // Nothing of a batch is admitted before all of it was decided for good.
  model.jobs.length = jobsBefore;
  sweepModel(model, numbers);
  return tryBatch(model, calls);
}

function tryBatch(model: Model, calls: readonly ModelCall[]): ModelDecision[] {
  return calls.map((call) => {
    const decision = decide(model, call);
    if (decision.verdict.startsWith('allowed')) model.jobs.push(toJob(model, call));
    return decision;
  });
}

function decide(model: Model, call: ModelCall): ModelDecision {
  const number = call.organization;
  const limits = limitsOf(model, number);
  const books = booksOf(model, number, roll(model, number).startMs);
  const numbers = { monthlyLimit: limits.monthly, used: books.used, reserved: books.reserved };
  return { verdict: verdictOn(model, call, books.used + books.reserved), ...numbers };
}

function verdictOn(model: Model, call: ModelCall, units: number): Verdict {
  const number = call.organization;
  const organization = organizationOf(model, number);
  const limits = limitsOf(model, number);
  if (model.jobs.some((job) => job.id === call.jobId)) return 'duplicate';
  if (organization.suspended) return 'suspended';
  if (limits.fileBytesMax !== null && call.sizeBytes > limits.fileBytesMax) return 'file_too_large';
  const isPast = limits.monthly !== null && units >= limits.monthly;
  if (isPast && limits.policy === 'block') return 'quota_exceeded';
  if (call.key !== null && isKeyUsedUp(model, number, call.key)) return 'quota_exceeded';
  if (isPast && limits.policy === 'charge' && isCapReached(model, number)) {
    return 'spend_cap_reached';
  }
  if (call.mode === 'sync') {
    const { concurrent } = limits;
    if (concurrent !== null && countHeld(model, number, 'running') >= concurrent) {
      return 'concurrency_limited';
    }
  } else if (countHeld(model, number, 'queued') >= model.queuedMax) return 'queue_full';
  return isPast ? 'allowed_overage' : 'allowed';
}

function isKeyUsedUp(model: Model, number: number, key: number): boolean {
  const limit = organizationOf(model, number).keyLimits[key] ?? null;
  if (limit === null) return false;
  const { startMs } = roll(model, number);
  const taken = model.jobs.filter(
    (job) =>
      job.organization === number &&
      job.key === key &&
      job.periodStartMs === startMs &&
      (job.status === 'succeeded' || job.held !== null),
  );
  return taken.length >= limit;
}

function isCapReached(model: Model, number: number): boolean {
  const { spendCapMinor } = organizationOf(model, number);
  const { priceMax } = limitsOf(model, number);
  if (spendCapMinor === null || priceMax === null || priceMax === 0) return false;
  const books = booksOf(model, number, roll(model, number).startMs);
  return books.accrued + books.overageReserved + priceMax > spendCapMinor * 100;
}

function toJob(model: Model, call: ModelCall): ModelJob {
  const number = call.organization;
  const limits = limitsOf(model, number);
  const { startMs } = roll(model, number);
  const books = booksOf(model, number, startMs);
  const isPast = limits.monthly !== null && books.used + books.reserved >= limits.monthly;
  return {
    id: call.jobId,
    organization: number,
    key: call.key,
    kind: call.kind,
    type: call.type,
    mode: call.mode,
    status: call.mode === 'sync' ? 'processing' : 'queued',
    held: call.mode === 'sync' ? 'running' : 'queued',
    fence: 1,
    leaseExpired: false,
    unitExpired: false,
    delayed: false,
    periodStartMs: startMs,
    admitted: {
      limit: limits.monthly,
      policy: limits.policy,
      priceAt: (position) => limits.priceOf(call.type, position),
      reserved: isPast && limits.policy === 'charge' ? (limits.priceMax ?? 0) : 0,
    },
    overage: null,
    amount: null,
  };
}
