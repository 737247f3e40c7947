import { type Limits, limitsAt, type ModelSubscription, type Period, periodAt } from './limits.ts';

/**
 * What the ledger must say, told in the plainest way there is: a list of jobs. There is no counter
 * in here; whatever is used, reserved, active or owed is counted off the jobs each time.
 */
export interface ModelJob {
  readonly id: string;
  readonly organization: number;
  readonly key: number | null;
  readonly kind: 'conversion' | 'external';
  readonly type: string;
  mode: 'sync' | 'async';
  status: 'queued' | 'processing' | 'succeeded' | 'failed' | 'cancelled';
  /** Its reservation; null when it has none any more. */
  held: 'queued' | 'running' | 'lapsed' | null;
  fence: number;
  leaseExpired: boolean;
  unitExpired: boolean;
  /** Put back with a delay that is not over. */
  delayed: boolean;
  readonly periodStartMs: number;
  readonly admitted: {
    readonly limit: number | null;
    readonly policy: Limits['policy'];
    /** Of the n-th past the limit. */
    readonly priceAt: (position: number) => number | null;
    /** Of the spend cap, in ten-thousandths. */
    readonly reserved: number;
  };
  /** Once it is counted. */
  overage: boolean | null;
  amount: number | null;
}

export interface ModelOrganization extends ModelSubscription {
  readonly id: string;
  /** Monthly limits of its keys. */
  readonly keyLimits: (number | null)[];
  /** As the hot row has it; null before it was first locked. */
  period: Period | null;
  readonly closed: Period[];
}

export interface Model {
  nowMs: number;
  readonly queuedMax: number;
  readonly attemptsMax: number;
  readonly organizations: readonly ModelOrganization[];
  readonly jobs: ModelJob[];
}

/** What the books say of one period. */
export interface Books {
  readonly used: number;
  readonly overage: number;
  readonly accrued: number;
  readonly reserved: number;
  readonly overageReserved: number;
}

/** The organization by its number in the history. */
export function organizationOf(model: Model, number: number): ModelOrganization {
  const organization = model.organizations[number];
  if (organization === undefined) throw new Error(`the model has no organization ${number}`);
  return organization;
}

/** What was counted and is held in a period. */
export function booksOf(model: Model, number: number, periodStartMs: number): Books {
  const jobs = model.jobs.filter(
    (job) => job.organization === number && job.periodStartMs === periodStartMs,
  );
  const counted = jobs.filter((job) => job.status === 'succeeded');
  const holding = jobs.filter((job) => job.held !== null);
  return {
    used: counted.length,
    overage: counted.filter((job) => job.overage === true).length,
    accrued: counted.reduce((sum, job) => sum + (job.amount ?? 0), 0),
    reserved: holding.length,
    overageReserved: holding.reduce((sum, job) => sum + job.admitted.reserved, 0),
  };
}

/** How many jobs hold a reservation in that state, of whatever period. */
export function countHeld(model: Model, number: number, held: 'queued' | 'running'): number {
  return model.jobs.filter((job) => job.organization === number && job.held === held).length;
}

/** The limits of the organization in force now. */
export function limitsOf(model: Model, number: number): Limits {
  return limitsAt(organizationOf(model, number), model.nowMs);
}

/** What locking the hot row does: it is made, for the period of that moment, if it is not there. */
export function lock(model: Model, number: number): Period {
  const organization = organizationOf(model, number);
  organization.period ??= periodAt(organization.anchorMs, model.nowMs);
  return organization.period;
}

/** What admission does first: a period that has ended is closed. */
export function roll(model: Model, number: number): Period {
  const organization = organizationOf(model, number);
  const period = lock(model, number);
  if (period.endMs > model.nowMs) return period;
  organization.closed.push(period);
  organization.period = periodAt(organization.anchorMs, model.nowMs);
  return organization.period;
}

/** Ends a job without counting it. */
function endJob(job: ModelJob, status: 'failed' | 'cancelled'): void {
  job.status = status;
  job.held = null;
}

function requeue(job: ModelJob): void {
  job.status = 'queued';
  job.held = 'queued';
  job.fence += 1;
  job.leaseExpired = false;
}

/** Takes the slot from attempts whose lease is over; see `sweep_leases`. */
export function sweepModel(model: Model, numbers: ReadonlySet<number>): void {
  for (const job of model.jobs) {
    if (!numbers.has(job.organization) || job.held === null) continue;
    const lapsedForGood = job.held === 'lapsed' && job.unitExpired;
    if (!job.leaseExpired && !lapsedForGood) continue;
    if (job.kind === 'external' && !job.unitExpired) {
      job.held = 'lapsed';
      job.leaseExpired = false;
    } else if (job.kind === 'conversion' && job.mode === 'async' && job.fence < model.attemptsMax) {
      requeue(job);
      job.delayed = false;
    } else endJob(job, 'failed');
  }
}

/** Gives waiting jobs their slots; answers the ids of those that got one. */
export function claimModel(model: Model, jobsMax: number): string[] {
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  const offers = model.organizations.flatMap((organization, number) => {
    if (organization.suspended) return [];
    const { concurrent } = limitsOf(model, number);
    const free = concurrent === null ? jobsMax : concurrent - countHeld(model, number, 'running');
    return model.jobs
      .filter((job) => job.organization === number && job.held === 'queued' && !job.delayed)
      .toSorted(byId)
      .slice(0, Math.min(jobsMax, Math.max(free, 0)))
      .map((job, turn) => ({ job, turn, id: organization.id }));
  });
  const claimed = offers.toSorted((a, b) => a.turn - b.turn || byId(a, b)).slice(0, jobsMax);
  for (const { job } of claimed) {
    job.held = 'running';
    job.status = 'processing';
    job.leaseExpired = false;
  }
  return claimed.map(({ job }) => job.id);
}

/** Counts a finished conversion. */
export function completeModel(
  model: Model,
  job: ModelJob,
  fence: number,
): 'counted' | 'already' | 'stale' {
  if (job.fence !== fence) return 'stale';
  if (job.status !== 'processing') return job.status === 'succeeded' ? 'already' : 'stale';
  if (job.unitExpired) return 'stale';
  const { policy, limit, priceAt } = job.admitted;
  const books = booksOf(model, job.organization, job.periodStartMs);
  const position = books.used + 1;
  const limitNow = limitsOf(model, job.organization).monthly;
  const isPast = limit !== null && limitNow !== null && position > Math.max(limit, limitNow);
  job.status = 'succeeded';
  job.held = null;
  job.overage = policy !== 'block' && isPast;
  job.amount = job.overage ? (policy === 'warn' ? 0 : priceAt(books.overage + 1)) : null;
  return 'counted';
}

/** Ends an attempt without counting it; a null fence is a cancel from outside. */
export function releaseModel(
  job: ModelJob,
  fence: number | null,
  status: 'failed' | 'cancelled' | 'retry',
): 'released' | 'stale' {
  if (job.status !== 'queued' && job.status !== 'processing') return 'stale';
  if (fence !== null && fence !== job.fence) return 'stale';
  if (status !== 'retry') endJob(job, status);
  else if (job.status === 'processing') {
    requeue(job);
    job.delayed = true;
  }
  return 'released';
}
