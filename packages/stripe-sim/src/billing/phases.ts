import { emit } from '../delivery/emit.ts';
import { need } from '../resources/shared.ts';
import {
  makeItem,
  listOfItems,
  needPrice,
  cycleOf,
  periodOf,
} from '../resources/subscription-items.ts';
import { planOf } from '../resources/prices.ts';
import type {
  Phase,
  Subscription,
  SubscriptionItem,
  SubscriptionSchedule,
} from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { cancelNow } from '../resources/subscription-cancel.ts';
import { attemptPayment } from './collect.ts';
import { finalize } from './finalize.ts';
import { announcePending, prorateChange, startCycle, updateInvoice } from './update-invoice.ts';

/** The phase a schedule is in at a time. */
export function phaseAt(schedule: Readonly<SubscriptionSchedule>, at: number): Phase | undefined {
  return schedule.phases.find((phase) => phase.start_date <= at && at < phase.end_date);
}

/** A phase has ended: the next begins, or the schedule is over. */
export function advanceSchedule(tx: Transaction, schedule: SubscriptionSchedule): void {
  const phase = phaseAt(schedule, tx.now);
  if (phase === undefined) {
    endSchedule(tx, schedule);
    return;
  }
  const isStart = schedule.current_phase?.start_date !== phase.start_date;
  schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
  if (!isStart || schedule.subscription === null) return;
  enterPhase(tx, need(tx, 'subscription', schedule.subscription), phase);
  emit(tx, 'subscription_schedule.updated', schedule);
}

function endSchedule(tx: Transaction, schedule: SubscriptionSchedule): void {
  const subscription =
    schedule.subscription === null ? undefined : need(tx, 'subscription', schedule.subscription);
  if (schedule.end_behavior === 'cancel') {
    schedule.status = 'completed';
    schedule.completed_at = tx.now;
    schedule.current_phase = null;
    emit(tx, 'subscription_schedule.completed', schedule);
    if (subscription !== undefined) {
      subscription.schedule = null;
      cancelNow(tx, subscription, {});
    }
    return;
  }
  release(tx, schedule);
}

/** Lets the subscription go on as it is, without the schedule. */
export function release(tx: Transaction, schedule: SubscriptionSchedule): void {
  const subscription =
    schedule.subscription === null ? undefined : need(tx, 'subscription', schedule.subscription);
  schedule.status = 'released';
  schedule.released_at = tx.now;
  schedule.released_subscription = schedule.subscription;
  schedule.subscription = null;
  schedule.current_phase = null;
  if (subscription !== undefined) subscription.schedule = null;
  emit(tx, 'subscription_schedule.released', schedule);
}

/**
 * Gives a subscription a phase's items. At the end of a period the renewal, which follows at the same
 * moment, bills them; in the middle of one the change is prorated.
 */
function enterPhase(tx: Transaction, subscription: Subscription, phase: Phase): void {
  const before = structuredClone(subscription.items.data);
  const isBoundary = periodOf(subscription).end <= tx.now;
  setItems(tx, subscription, phase);
  const was = cycleOf(before);
  const is = cycleOf(subscription.items.data);
  const isOtherCycle = was.interval !== is.interval || was.interval_count !== is.interval_count;
  const resets = isOtherCycle || phase['billing_cycle_anchor'] === 'phase_start';
  if (phase.metadata !== null) subscription.metadata = { ...phase.metadata };
  if (isBoundary) {
    if (resets) subscription.billing_cycle_anchor = tx.now;
    return;
  }
  if (resets) startCycle(subscription, tx.now);
  const behavior = phase.proration_behavior;
  prorateChange(tx, subscription, { before, isNewCycle: resets, behavior, at: tx.now });
  if (resets || behavior === 'always_invoice') {
    const invoice = updateInvoice(tx, subscription, { isNewCycle: resets, at: tx.now });
    if (invoice !== undefined) {
      finalize(tx, invoice);
      if (isOpen(invoice.status)) attemptPayment(tx, invoice, { isScheduled: true });
    }
  } else announcePending(tx, subscription);
  emit(tx, 'customer.subscription.updated', subscription);
}

function isOpen(status: string): boolean {
  return status === 'open';
}

/** An item keeps its id as long as the phase has one in its place. */
function setItems(tx: Transaction, subscription: Subscription, phase: Phase): void {
  const { start, end } = periodOf(subscription);
  const existing = [...subscription.items.data];
  const items = phase.items.map((wanted): SubscriptionItem => {
    const price = needPrice(tx, wanted.price, subscription.currency, 'phases[items][price]');
    const index = Math.max(
      0,
      existing.findIndex((item) => item.price.id === price.id),
    );
    const [item] = existing.splice(index, 1);
    if (item === undefined) {
      return makeItem(
        subscription.id,
        price,
        { quantity: wanted.quantity },
        { start, end },
        tx.now,
      );
    }
    return { ...item, price, plan: planOf(price), quantity: wanted.quantity };
  });
  subscription.items = listOfItems(subscription.id, items);
}
