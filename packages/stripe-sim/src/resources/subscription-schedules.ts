import { phaseAt, release } from '../billing/phases.ts';
import { emit } from '../delivery/emit.ts';
import type { Phase, SubscriptionSchedule } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { needLiving } from './customer-lookup.ts';
import { phaseNames, phaseOf, readPhases, type PhaseInput } from './schedule-phases.ts';
import { create, mergeMetadata, need, type MetadataInput } from './shared.ts';
import { cancelNow, type CancelInput } from './subscription-cancel.ts';
import { createSubscription } from './subscription-create.ts';
import { periodOf } from './subscription-items.ts';

interface Input {
  customer?: string;
  from_subscription?: string;
  start_date?: number | 'now';
  end_behavior?: string;
  phases?: PhaseInput[];
  metadata?: MetadataInput;
}

export const scheduleRoutes: readonly Route[] = [
  route<Input>(
    'POST /v1/subscription_schedules',
    [...phaseNames, 'customer', 'from_subscription', 'start_date', 'end_behavior', 'metadata'],
    createSchedule,
  ),
  route<Input>(
    'POST /v1/subscription_schedules/{}',
    [...phaseNames, 'end_behavior', 'metadata', 'proration_behavior'],
    update,
  ),
  route('GET /v1/subscription_schedules/{}', [], (tx, _, id) =>
    need(tx, 'subscription_schedule', id),
  ),
  route<PageParams & { customer?: string }>(
    'GET /v1/subscription_schedules',
    [...pageParams, 'customer'],
    (tx, params) =>
      pageOf(tx, 'subscription_schedule', params, {
        url: '/v1/subscription_schedules',
        owner: params.customer,
      }),
  ),
  route('POST /v1/subscription_schedules/{}/release', ['preserve_cancel_date'], (tx, _, id) => {
    const schedule = needLive(tx, id);
    release(tx, schedule);
    return schedule;
  }),
  route<CancelInput>(
    'POST /v1/subscription_schedules/{}/cancel',
    ['invoice_now', 'prorate'],
    (tx, params, id) => {
      const schedule = needLive(tx, id);
      const subscriptionId = schedule.subscription;
      schedule.status = 'canceled';
      schedule.canceled_at = tx.now;
      schedule.current_phase = null;
      emit(tx, 'subscription_schedule.canceled', schedule);
      if (subscriptionId !== null) {
        const subscription = need(tx, 'subscription', subscriptionId);
        subscription.schedule = null;
        cancelNow(tx, subscription, params);
      }
      return schedule;
    },
  ),
];

function needLive(tx: Transaction, id: string): SubscriptionSchedule {
  const schedule = need(tx, 'subscription_schedule', id);
  if (schedule.status === 'active' || schedule.status === 'not_started') return schedule;
  throw invalidRequest(
    `You cannot change a subscription schedule that is ${schedule.status}; only active and not ` +
      'started ones.',
  );
}

function createSchedule(tx: Transaction, params: Input): SubscriptionSchedule {
  if (params.from_subscription !== undefined) return fromSubscription(tx, params);
  if (params.customer === undefined || params.phases === undefined) {
    throw invalidRequest('Give `from_subscription`, or `customer` and `phases`.', {
      code: 'parameter_missing',
      param: params.customer === undefined ? 'customer' : 'phases',
    });
  }
  const customer = needLiving(tx, params.customer, 'customer');
  const start = typeof params.start_date === 'number' ? params.start_date : tx.now;
  const first = params.phases[0]?.items[0]?.price ?? '';
  const currency = customer.currency ?? tx.find('price', first)?.currency ?? 'usd';
  const schedule = makeSchedule(tx, customer.id, customer.test_clock, params);
  schedule.phases = readPhases(tx, params.phases, start, currency);
  schedule.status = start > tx.now ? 'not_started' : 'active';
  emit(tx, 'subscription_schedule.created', schedule);
  if (schedule.status === 'active') startSubscription(tx, schedule);
  return schedule;
}

/** A schedule's own subscription begins with its first phase. */
export function startSubscription(tx: Transaction, schedule: SubscriptionSchedule): void {
  const [phase] = schedule.phases;
  if (phase === undefined) return;
  const { subscription } = createSubscription(tx, {
    customer: schedule.customer,
    items: phase.items.map(({ price, quantity }) => ({ price, quantity })),
    payment_behavior: 'allow_incomplete',
    ...(phase.metadata === null ? {} : { metadata: phase.metadata }),
  });
  subscription.schedule = schedule.id;
  schedule.status = 'active';
  schedule.subscription = subscription.id;
  schedule.current_phase = { start_date: phase.start_date, end_date: phase.end_date };
}

/** One phase: the subscription as it is, to the end of its period. */
function fromSubscription(tx: Transaction, params: Input): SubscriptionSchedule {
  const id = params.from_subscription ?? '';
  const subscription = need(tx, 'subscription', id, 'from_subscription');
  if (params.phases !== undefined || params.customer !== undefined) {
    throw invalidRequest(
      'You cannot set `phases` or `customer` if `from_subscription` is set; update the schedule.',
      { param: 'from_subscription' },
    );
  }
  if (subscription.schedule !== null || subscription.ended_at !== null) {
    throw invalidRequest(
      `You cannot migrate a subscription that ${
        subscription.schedule === null ? 'has ended' : 'is already attached to a schedule'
      }: ${id}.`,
      { param: 'from_subscription' },
    );
  }
  const schedule = makeSchedule(tx, subscription.customer, subscription.test_clock, params);
  const { start, end } = periodOf(subscription);
  schedule.status = 'active';
  schedule.subscription = id;
  schedule.phases = [phaseOf(subscription, start, end)];
  schedule.current_phase = { start_date: start, end_date: end };
  subscription.schedule = schedule.id;
  emit(tx, 'subscription_schedule.created', schedule);
  emit(tx, 'customer.subscription.updated', subscription);
  return schedule;
}

function makeSchedule(
  tx: Transaction,
  customerId: string,
  testClock: string | null,
  params: Input,
): SubscriptionSchedule {
  return create(tx, 'subscription_schedule', {
    customer: customerId,
    billing_mode: { type: 'flexible', flexible: { proration_discounts: 'included' } },
    default_settings: {
      application_fee_percent: null,
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: 'charge_automatically',
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: params.end_behavior ?? 'release',
    metadata: mergeMetadata({}, params.metadata),
    test_clock: testClock,
    sim_owner: customerId,
  });
}

function update(tx: Transaction, params: Input, id: string): SubscriptionSchedule {
  const schedule = needLive(tx, id);
  if (params.end_behavior !== undefined) schedule.end_behavior = params.end_behavior;
  schedule.metadata = mergeMetadata(schedule.metadata ?? {}, params.metadata);
  if (params.phases !== undefined) {
    const current = phaseAt(schedule, tx.now) ?? schedule.phases[0];
    if (current === undefined) throw new Error(`${id} has no phase`);
    const phases = readPhases(tx, params.phases, current.start_date, String(current['currency']));
    const [first] = phases;
    if (first === undefined || first.end_date < tx.now) {
      throw invalidRequest('The current phase must be among `phases`.', { param: 'phases' });
    }
    if (JSON.stringify(termsOf(first)) !== JSON.stringify(termsOf(current))) {
      throw invalidRequest(
        "The simulator does not change a phase that has begun: repeat the current phase's items.",
        { param: 'phases[0][items]' },
      );
    }
    needTrialKept(tx, schedule, first);
    schedule.phases = phases;
    if (schedule.status === 'active') {
      schedule.current_phase = { start_date: first.start_date, end_date: first.end_date };
    }
  }
  emit(tx, 'subscription_schedule.updated', schedule);
  return schedule;
}

/** A phase without the trial's end would end a trial that is running. */
function needTrialKept(tx: Transaction, { subscription: id }: SubscriptionSchedule, first: Phase) {
  if (id === null) return;
  const { trial_end: end } = need(tx, 'subscription', id);
  if (end === null || end <= tx.now || first.trial_end === end) return;
  throw invalidRequest(
    `The simulator does not end a trial by a phase: repeat \`trial_end\` ${end} in it.`,
    { param: 'phases[0][trial_end]' },
  );
}

function termsOf(phase: Phase): unknown {
  return phase.items.map(({ price, quantity }) => [price, quantity]);
}
