import type { KeptSubscription, SubscriptionFacts } from './sql.ts';

export type Change =
  | 'subscribed'
  | 'upgraded'
  | 'downgraded'
  | 'change_scheduled'
  | 'change_undone'
  | 'cancel_scheduled'
  | 'resumed'
  | 'cancelled'
  | 'plan_moved'
  | 'renewed'
  | 'past_due'
  | 'unpaid'
  | 'recovered'
  | 'trial_ended'
  | 'paused'
  | 'payment_pending'
  | 'payment_dropped';

/** What a month costs before and after. */
export interface MonthlyAmounts {
  readonly before: number;
  readonly after: number;
}

const dead = new Set(['incomplete', 'cancelled', 'paused']);

/**
 * What happened between two states, in words for people. It is told once, because the second of
 * two equal states tells nothing.
 */
export function changesBetween(
  before: KeptSubscription,
  after: SubscriptionFacts,
  amounts: MonthlyAmounts,
): Change[] {
  const wasAlive = before.stripe_subscription_id !== null && !dead.has(before.status);
  const isAlive = after.stripe_subscription_id !== null && !dead.has(after.status);
  if (!isAlive) return changesOfEnd(before, after, wasAlive);
  if (!wasAlive || before.stripe_subscription_id !== after.stripe_subscription_id) {
    return [before.status === 'paused' ? 'resumed' : 'subscribed'];
  }
  const planChange = planChangeBetween(before, after, amounts);
  return [
    ...planChange,
    ...waitingChanges(before, after, planChange.length > 0),
    ...(isRenewal(before, after) ? (['renewed'] as const) : []),
    ...statusChanges(before.status, after.status),
  ];
}

function changesOfEnd(
  before: KeptSubscription,
  after: SubscriptionFacts,
  wasAlive: boolean,
): Change[] {
  if (after.status === 'paused') return before.status === 'paused' ? [] : ['paused'];
  const isOver = after.stripe_subscription_id === null;
  return isOver && (wasAlive || before.status === 'paused') ? ['cancelled'] : [];
}

function planChangeBetween(
  before: KeptSubscription,
  after: SubscriptionFacts,
  amounts: MonthlyAmounts,
): Change[] {
  const isSamePlan = before.plan_id === after.plan_id;
  if (isSamePlan && before.interval === after.interval) {
    return before.plan_version === after.plan_version ? [] : ['plan_moved'];
  }
  if (isSamePlan) return [after.interval === 'year' ? 'upgraded' : 'downgraded'];
  return [amounts.after > amounts.before ? 'upgraded' : 'downgraded'];
}

/** What is to come, and what will not come any more. */
function waitingChanges(
  before: KeptSubscription,
  after: SubscriptionFacts,
  hasChanged: boolean,
): Change[] {
  const changes: Change[] = [];
  const [had, has] = [before.scheduled_change, after.scheduled_change];
  const isOther =
    had?.plan_id !== has?.plan_id ||
    had?.interval !== has?.interval ||
    had?.effective_at !== has?.effective_at;
  if (has !== null && isOther) changes.push('change_scheduled');
  if (had !== null && has === null && !hasChanged) changes.push('change_undone');
  if (after.cancel_at_period_end && !before.cancel_at_period_end) changes.push('cancel_scheduled');
  if (!after.cancel_at_period_end && before.cancel_at_period_end) changes.push('resumed');
  if (before.pending_change === null && after.pending_change !== null) {
    changes.push('payment_pending');
  }
  if (before.pending_change !== null && after.pending_change === null && !hasChanged) {
    changes.push('payment_dropped');
  }
  return changes;
}

/** The next period of the same interval: another interval, or a trial's end, starts its own. */
function isRenewal(before: KeptSubscription, after: SubscriptionFacts): boolean {
  return (
    before.status !== 'trialing' &&
    after.interval === before.interval &&
    after.current_period_start >= before.current_period_end
  );
}

function statusChanges(before: string, after: string): Change[] {
  if (before === after) return [];
  if (after === 'past_due' || after === 'unpaid') return [after];
  if (before === 'trialing') return ['trial_ended'];
  return before === 'past_due' || before === 'unpaid' ? ['recovered'] : [];
}

/** The ones that people are told of by mail and webhook; the others stand in the history only. */
export const announcedChanges = [
  'subscribed',
  'upgraded',
  'downgraded',
  'change_scheduled',
  'change_undone',
  'cancel_scheduled',
  'resumed',
  'cancelled',
  'plan_moved',
] as const satisfies readonly Change[];

export type AnnouncedChange = (typeof announcedChanges)[number];

export function isAnnounced(change: Change): change is AnnouncedChange {
  return (announcedChanges as readonly Change[]).includes(change);
}

/** One line for the billing history. */
export function describeChange(
  change: Change,
  names: { before: string; after: string; scheduled: string },
): string {
  const lines: Record<Change, string> = {
    subscribed: `Subscribed to ${names.after}`,
    upgraded: `Upgraded from ${names.before} to ${names.after}`,
    downgraded: `Downgraded from ${names.before} to ${names.after}`,
    change_scheduled: `Will change from ${names.after} to ${names.scheduled}`,
    change_undone: `Stays on ${names.after}: the change to come was undone`,
    cancel_scheduled: `${names.after} will end with its period`,
    resumed: `${names.after} goes on`,
    cancelled: `${names.before} has ended`,
    plan_moved: `Moved to another version of ${names.after}`,
    renewed: `${names.after} was renewed`,
    past_due: `A renewal of ${names.after} could not be charged`,
    unpaid: `${names.after} stayed unpaid: new conversions are refused`,
    recovered: `The open payment for ${names.after} was made`,
    trial_ended: `The trial of ${names.after} has ended`,
    paused: `${names.after} is paused`,
    payment_pending: 'A change waits for its payment',
    payment_dropped: 'A change that waited for its payment was dropped',
  };
  return lines[change];
}
