import type { Subscription } from '../store/documents.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route, words } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { need } from './shared.ts';
import { pause, resume, type PauseInput, type ResumeInput } from './subscription-pause.ts';
import { cancelNow, type CancelInput } from './subscription-cancel.ts';
import { createNames, createSubscription, type CreateInput } from './subscription-create.ts';
import { settingsNames } from './subscription-settings.ts';
import { updateSubscription, type UpdateInput } from './subscription-update.ts';

interface ListInput extends PageParams {
  customer?: string;
  price?: string;
  status?: string;
  collection_method?: string;
}

const updateNames = [
  ...settingsNames,
  ...words('add_invoice_items billing_cycle_anchor.type payment_behavior proration_behavior'),
  ...words('proration_date trial_end items.id items.price items.quantity'),
  ...words('items.metadata items.deleted'),
];

export const subscriptionRoutes: readonly Route[] = [
  route<CreateInput>(
    'POST /v1/subscriptions',
    createNames,
    (tx, params) => createSubscription(tx, params).subscription,
  ),
  route<UpdateInput>('POST /v1/subscriptions/{}', updateNames, (tx, params, id) => {
    const subscription = need(tx, 'subscription', id);
    updateSubscription(tx, subscription, params);
    return subscription;
  }),
  route('GET /v1/subscriptions/{}', [], (tx, _, id) => need(tx, 'subscription', id)),
  route<CancelInput>(
    'DELETE /v1/subscriptions/{}',
    ['invoice_now', 'prorate', 'cancellation_details'],
    (tx, params, id) => {
      const subscription = need(tx, 'subscription', id);
      if (subscription.ended_at !== null) {
        throw invalidRequest(`No such subscription: '${id}'`, { code: 'resource_missing' });
      }
      cancelNow(tx, subscription, params);
      return subscription;
    },
  ),
  route<ResumeInput>(
    'POST /v1/subscriptions/{}/resume',
    ['billing_cycle_anchor.type'],
    (tx, params, id) => resume(tx, need(tx, 'subscription', id), params),
  ),
  route<PauseInput>(
    'POST /v1/subscriptions/{}/pause',
    ['type', 'bill_for.unused_time_from.type', 'invoicing_behavior'],
    (tx, params, id) => pause(tx, need(tx, 'subscription', id), params),
  ),
  route<ListInput>(
    'GET /v1/subscriptions',
    [...pageParams, 'customer', 'price', 'status', 'collection_method'],
    (tx, params) =>
      pageOf(tx, 'subscription', params, {
        url: '/v1/subscriptions',
        owner: params.customer,
        test: (subscription) =>
          hasStatus(subscription, params.status) &&
          subscription.collection_method ===
            (params.collection_method ?? subscription.collection_method) &&
          (params.price === undefined ||
            subscription.items.data.some((item) => item.price.id === params.price)),
      }),
  ),
  route<PageParams & { subscription: string }>(
    'GET /v1/subscription_items',
    ['limit', 'starting_after', 'ending_before', 'subscription'],
    (tx, params) => ({
      ...need(tx, 'subscription', params.subscription, 'subscription').items,
      url: '/v1/subscription_items',
    }),
  ),
];

/** Without a status the ended ones are left out; `all` shows every one. */
function hasStatus(subscription: Readonly<Subscription>, status: string | undefined): boolean {
  if (status === 'all') return true;
  if (status === undefined) return subscription.status !== 'canceled';
  if (status === 'ended') return ['canceled', 'incomplete_expired'].includes(subscription.status);
  return subscription.status === status;
}
