import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import type { BillingDeps, TimeControl } from '../deps.ts';
import { findNextWork } from '../due-work/due-work.ts';
import { dateOf } from '../provider/stripe.ts';

export interface ClockReading {
  readonly object: 'clock';
  readonly now: string;
  /** `simulator`: it can be moved. */
  readonly billing_mode: 'stripe' | 'simulator' | 'off';
}

/** What time business goes by. */
export function readClock(clock: Clock, mode: ClockReading['billing_mode']): ClockReading {
  return { object: 'clock', now: clock.now().toISOString(), billing_mode: mode };
}

/** No rehearsal is longer, and a slip of the keyboard is not played for hours. */
const daysMax = 3660;

/** Who works off what a moment brings: webhooks that came, work that fell due. */
export interface Turns {
  settle(): Promise<void>;
  /** Nothing is worked off meanwhile. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * Moves the simulator's time and ours together, from one moment at which something falls due to the
 * next: ours first, then the simulator plays it and has its webhooks answered, then we do what that
 * moment brings. Done when it returns. Two at once only ever move it further.
 *
 * @throws AppError `conflict` without the simulator; `invalid_request` for a moment that is past, or
 *   too far ahead
 */
export async function advanceClock(
  deps: BillingDeps,
  to: Date,
  turns: Turns,
): Promise<ClockReading> {
  const { timeControl } = deps;
  if (timeControl === null) {
    throw new AppError('conflict', 'Only with the billing simulator can time be moved.');
  }
  const now = deps.clock.now();
  if (to < now) {
    const detail = `must not be in the past: it is ${now.toISOString()} now`;
    throw invalidRequest([{ pointer: '/body/advance_to', detail }]);
  }
  if (to.getTime() - now.getTime() > daysMax * 86_400_000) {
    const detail = `must be at most ${daysMax} days ahead: it is ${now.toISOString()} now`;
    throw invalidRequest([{ pointer: '/body/advance_to', detail }]);
  }
  await timeControl.simulator.hold();
  try {
    await playUntil(deps, timeControl, to, turns);
  } finally {
    await timeControl.simulator.release();
  }
  return readClock(deps.clock, deps.mode);
}

async function playUntil(
  deps: BillingDeps,
  timeControl: TimeControl,
  to: Date,
  turns: Turns,
): Promise<void> {
  const { simulator } = timeControl;
  await turns.settle();
  for (;;) {
    const { now: playedTo, next_due: nextDue } = await simulator.state();
    const now = deps.clock.now();
    const nextWork = await findNextWork(deps.db, now);
    const times = [to, nextWork, nextDue === null ? null : dateOf(nextDue)]
      .filter((time) => time !== null)
      .map((time) => time.getTime());
    // What should have been already is now.
    // Between the two, work that is due by our time would be done in a past of the simulator's.
    const reached = await turns.alone(async () => {
      await timeControl.moveTo(new Date(Math.max(now.getTime(), Math.min(...times))));
      const moved = deps.clock.now();
      await simulator.advanceTo(Math.max(playedTo, Math.floor(moved.getTime() / 1000)));
      return moved;
    });
    await turns.settle();
    if (reached >= to) break;
  }
  // Ours went on while the last moment was played.
  const { now: playedTo } = await simulator.state();
  await simulator.advanceTo(Math.max(playedTo, Math.floor(deps.clock.now().getTime() / 1000)));
}
