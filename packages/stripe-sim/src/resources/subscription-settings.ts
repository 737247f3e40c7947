import { cancellationDetails, type CancellationWords } from '../billing/end-subscription.ts';
import type { Subscription } from '../store/documents.ts';
import type { Transaction } from '../store/transaction.ts';
import { words } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { needOwnMethod } from './payment-methods.ts';
import { mergeMetadata, patch, type MetadataInput } from './shared.ts';
import { periodOf } from './subscription-items.ts';

export interface TrialSettingsInput {
  end_behavior: { missing_payment_method?: string };
}

/** What happens when a trial ends without a card; the rest of Stripe's settings is not played. */
export function trialSettingsOf(
  given: TrialSettingsInput | undefined,
): Subscription['trial_settings'] {
  const behavior = given?.end_behavior.missing_payment_method ?? 'create_invoice';
  return { end_behavior: { missing_payment_method: behavior, billing_cycle_anchor: null } };
}

export interface SettingsInput {
  cancel_at?: number | string;
  cancel_at_period_end?: boolean;
  cancellation_details?: CancellationWords;
  collection_method?: string;
  days_until_due?: number;
  default_payment_method?: string;
  description?: string;
  metadata?: MetadataInput;
  pause_collection?: '' | { behavior: string; resumes_at?: number };
  payment_settings?: Record<string, unknown>;
  trial_settings?: TrialSettingsInput;
}

export const settingsNames = [
  ...words('cancel_at cancel_at_period_end cancellation_details collection_method'),
  ...words('days_until_due default_payment_method description metadata pause_collection'),
  ...words('payment_settings.save_default_payment_method payment_settings.payment_method_types'),
  ...words('trial_settings.end_behavior.missing_payment_method off_session'),
];

/** The part of an update that costs nothing: cancellation, card, pause, words. */
export function applySettings(
  tx: Transaction,
  subscription: Subscription,
  params: SettingsInput,
): void {
  patch(subscription, { ...params }, ['collection_method', 'days_until_due', 'description']);
  if (params.trial_settings !== undefined) {
    subscription.trial_settings = trialSettingsOf(params.trial_settings);
  }
  subscription.metadata = mergeMetadata(subscription.metadata, params.metadata);
  if (params.payment_settings !== undefined) {
    subscription.payment_settings = {
      ...subscription.payment_settings,
      ...params.payment_settings,
    };
  }
  if (params.default_payment_method !== undefined) {
    subscription.default_payment_method = needOwnMethod(
      tx,
      subscription.customer,
      params.default_payment_method,
      'default_payment_method',
    );
  }
  if (params.pause_collection !== undefined) {
    const pause = params.pause_collection;
    subscription.pause_collection =
      pause === '' ? null : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null };
  }
  applyCancellation(tx, subscription, params);
}

function applyCancellation(
  tx: Transaction,
  subscription: Subscription,
  params: SettingsInput,
): void {
  const { cancel_at: at, cancel_at_period_end: atEnd } = params;
  if (at === undefined && atEnd === undefined) return;
  if (subscription.schedule !== null) {
    throw invalidRequest(
      `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and ` +
        'updating any cancelation behavior directly is not allowed. Please update the schedule instead.',
    );
  }
  if (atEnd !== undefined) {
    subscription.cancel_at_period_end = atEnd;
    subscription.cancel_at = atEnd ? periodOf(subscription).end : null;
  }
  if (at !== undefined) {
    subscription.cancel_at_period_end = false;
    subscription.cancel_at = cancelTimeOf(tx, subscription, at);
  }
  const isGoing = subscription.cancel_at !== null;
  subscription.canceled_at = isGoing ? tx.now : null;
  subscription.cancellation_details = isGoing
    ? cancellationDetails('cancellation_requested', params.cancellation_details)
    : cancellationDetails(null);
}

function cancelTimeOf(
  tx: Transaction,
  subscription: Subscription,
  at: number | string,
): number | null {
  if (at === '') return null;
  if (at === 'min_period_end' || at === 'max_period_end') return periodOf(subscription).end;
  if (typeof at === 'number' && at > tx.now) return at;
  throw invalidRequest('`cancel_at` must be a timestamp in the future.', { param: 'cancel_at' });
}
