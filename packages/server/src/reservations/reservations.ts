import { memberIdOf, type Context } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Metering } from '../metering/metering.ts';
import { isRefused, type RefusalVerdict } from '../metering/refusal.ts';
import { secondsToNextSlot } from '../metering/room.ts';
import type { Decision } from '../metering/schema.ts';
import { describeUsage } from '../metering/usage-warning.ts';
import type {
  CompleteReservation,
  CreateReservation,
  NewReservation,
  ReleaseReservation,
  Reservation,
} from './schema.ts';
import { findReservationById, renewReservationById } from './sql.ts';

/** What reservations are wired with. */
export interface ReservationDeps {
  readonly metering: Metering;
  /** Attempts at an asynchronous job before it fails for good: a heartbeat may sweep. */
  readonly attemptsMax: number;
  /** The error for a refused call; counts the refusal. */
  refuse(ctx: Context, decision: Decision & { verdict: RefusalVerdict }): Promise<AppError>;
}

const leaseSecondsDefault = 60;
/** The unit is held this long after the last sign of life. */
const unitSeconds = 86_400;

interface ReservationRow extends Reservation {
  readonly lease_seconds: number;
  /** Wall clock since it was made; null when it is over. */
  readonly elapsed_ms: number | null;
}

/**
 * Takes a unit and a slot for one conversion by the workspace's own converter, by the same decision
 * as any conversion. On disk when it answers.
 *
 * @param origin the key that asks, and the idempotency key's job id, so that a repeat after a crash
 *   finds what the first one made
 * @throws AppError what a conversion would be refused with
 */
export async function createReservation(
  deps: ReservationDeps,
  ctx: Context,
  input: CreateReservation,
  origin: { apiKeyId: string | null; jobId: string | undefined },
): Promise<{ reservation: NewReservation; usageWarning: string | null }> {
  const { type, size_bytes: sizeBytes, lease_seconds: leaseSeconds = leaseSecondsDefault } = input;
  const id = origin.jobId?.replace(/^job_/, 'res_') ?? newId('res', ctx.clock.now().getTime());
  const decision = await deps.metering.admitDurably({
    organizationId: ctx.organization.id,
    jobId: id,
    kind: 'external',
    mode: 'sync',
    type,
    from: null,
    to: null,
    sizeBytes,
    options: { lease_seconds: leaseSeconds },
    metadata: null,
    input: { filename: null, size_bytes: sizeBytes, sha256: null },
    apiKeyId: origin.apiKeyId,
    memberId: memberIdOf(ctx.actor),
    requestId: ctx.requestId,
    leaseSeconds,
    unitSeconds,
  });
  if (isRefused(decision)) throw await refusal(deps, ctx, decision);
  const { monthly_limit: limit, used, reserved, verdict } = decision;
  // A repeated call finds its own unit among those reserved.
  const taken = used + reserved + (verdict === 'duplicate' ? 0 : 1);
  const reservation = {
    ...present(await findRow(ctx, id)),
    verdict: verdict === 'allowed_overage' ? verdict : ('allowed' as const),
    remaining: limit === null ? null : Math.max(0, limit - taken),
  };
  return { reservation, usageWarning: describeUsage(decision) };
}

async function refusal(
  deps: ReservationDeps,
  ctx: Context,
  decision: Decision & { verdict: RefusalVerdict },
): Promise<AppError> {
  const error = await deps.refuse(ctx, decision);
  if (error.code !== 'concurrency_limited') return error;
  return slotsTaken(decision.concurrent_limit, decision.active, error.retryAfterSeconds ?? 1);
}

function slotsTaken(limit: number | null, active: number | null, seconds: number): AppError {
  return new AppError(
    'concurrency_limited',
    `${limit} conversions may run at once. Wait for one to finish.`,
    { details: { limit, active }, retryAfterSeconds: seconds },
  );
}

/** One reservation as it stands. @throws AppError `not_found` */
export async function findReservation(ctx: Context, id: string): Promise<Reservation> {
  return present(await findRow(ctx, id));
}

/**
 * A sign of life: holds slot and unit for as long again. A reservation that lapsed takes a slot
 * again where there is room.
 *
 * @param leaseSeconds undefined: as long as was asked for at first
 * @throws AppError `not_found`; `conflict` when it is over; `concurrency_limited`,
 *   `workspace_suspended` or `payment_overdue` when it lapsed and gets no slot: its unit stays
 */
export async function renewReservation(
  deps: ReservationDeps,
  ctx: Context,
  id: string,
  leaseSeconds: number | undefined,
): Promise<Reservation> {
  const row = await findRow(ctx, id);
  const statement = renewReservationById(
    { organizationId: ctx.organization.id, id },
    {
      leaseSeconds: leaseSeconds ?? row.lease_seconds,
      unitSeconds,
      attemptsMax: deps.attemptsMax,
      asOf: ctx.clock.now(),
    },
  );
  const [renewal] = await ctx.db.query<Renewal>(statement);
  if (renewal === undefined) throw new Error('renewing a reservation answered no row');
  switch (renewal.result) {
    case 'renewed':
      return findReservation(ctx, id);
    case 'concurrency_limited': {
      const seconds = await secondsToNextSlot(ctx, ctx.organization.id);
      throw slotsTaken(renewal.concurrent_limit, renewal.active, seconds);
    }
    case 'suspended':
      throw new AppError('workspace_suspended', 'This workspace is suspended; no slot is given.');
    case 'payment_overdue':
      throw new AppError('payment_overdue', 'A payment is overdue; no slot is given.', {
        details: { invoice_url: null },
      });
    case 'ended':
      throw await over(ctx, id);
  }
}

interface Renewal {
  readonly result: 'renewed' | 'concurrency_limited' | 'suspended' | 'payment_overdue' | 'ended';
  readonly concurrent_limit: number | null;
  readonly active: number | null;
}

/**
 * Counts the conversion, exactly once: a repeat answers the same and changes nothing. Also taken
 * when the lease has lapsed, as long as the unit is held.
 *
 * @throws AppError `not_found`; `conflict` when it was released or has expired
 */
export async function completeReservation(
  deps: ReservationDeps,
  ctx: Context,
  id: string,
  input: CompleteReservation,
): Promise<Reservation> {
  const row = await findRow(ctx, id);
  const { result } = await deps.metering.complete({
    organizationId: ctx.organization.id,
    jobId: id,
    fence: 1,
    output: null,
    warnings: [],
    bytesOut: input?.bytes_out ?? 0,
    durationMs: input?.duration_ms ?? row.elapsed_ms ?? 0,
  });
  if (result === 'stale') throw await over(ctx, id);
  return findReservation(ctx, id);
}

/**
 * Gives unit and slot back; nothing is counted but, with a reason, the failure. A repeat answers the
 * same.
 *
 * @throws AppError `not_found`; `conflict` when it was completed or has expired
 */
export async function releaseReservation(
  deps: ReservationDeps,
  ctx: Context,
  id: string,
  input: ReleaseReservation,
): Promise<Reservation> {
  await findRow(ctx, id);
  const reason = input?.reason;
  await deps.metering.release({
    organizationId: ctx.organization.id,
    jobId: id,
    fence: null,
    status: reason === undefined ? 'cancelled' : 'failed',
    error: { code: 'released', detail: reason ?? 'It was called off.', retryable: false },
    reason: reason ?? 'released',
  });
  const after = await findReservation(ctx, id);
  if (after.status !== 'released') throw await over(ctx, id);
  return after;
}

async function over(ctx: Context, id: string): Promise<AppError> {
  const { status } = await findRow(ctx, id);
  return new AppError('conflict', `The reservation is ${status}.`);
}

async function findRow(ctx: Context, id: string): Promise<ReservationRow> {
  const [row] = await ctx.db.query<ReservationRow>(findReservationById(ctx.organization.id, id));
  if (row === undefined) throw notFound('reservation');
  return row;
}

function present(row: ReservationRow): Reservation {
  const { lease_seconds: _, elapsed_ms: __, ...reservation } = row;
  return reservation;
}
