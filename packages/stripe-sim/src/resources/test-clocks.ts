import { endSubscription } from '../billing/end-subscription.ts';
import { emit } from '../delivery/emit.ts';
import { pageOf, type PageParams } from '../wire/page.ts';
import { pageParams, route, type Route } from '../wire/route.ts';
import { invalidRequest } from '../wire/stripe-error.ts';
import { create, need } from './shared.ts';

const keptSeconds = 30 * 86_400;

export const testClockRoutes: readonly Route[] = [
  route<{ frozen_time: number; name?: string }>(
    'POST /v1/test_helpers/test_clocks',
    ['frozen_time', 'name'],
    (tx, params) => {
      const clock = create(tx, 'test_helpers.test_clock', {
        deletes_after: tx.now + keptSeconds,
        frozen_time: params.frozen_time,
        name: params.name ?? null,
        status: 'ready',
        status_details: {},
        sim_target: null,
      });
      emit(tx, 'test_helpers.test_clock.created', clock);
      return clock;
    },
  ),
  route('GET /v1/test_helpers/test_clocks/{}', [], (tx, _, id) =>
    need(tx, 'test_helpers.test_clock', id),
  ),
  route<PageParams>('GET /v1/test_helpers/test_clocks', pageParams.slice(0, 3), (tx, params) =>
    pageOf(tx, 'test_helpers.test_clock', params, { url: '/v1/test_helpers/test_clocks' }),
  ),
  route<{ frozen_time: number }>(
    'POST /v1/test_helpers/test_clocks/{}/advance',
    ['frozen_time'],
    (tx, params, id) => {
      const clock = need(tx, 'test_helpers.test_clock', id);
      if (clock.status !== 'ready' || params.frozen_time <= clock.frozen_time) {
        throw invalidRequest(
          clock.status === 'ready'
            ? 'A test clock only moves forward: `frozen_time` must be after the present one.'
            : 'This test clock is still advancing.',
          { param: 'frozen_time' },
        );
      }
      // The clock itself is moved after the reply, as Stripe does it: poll until it is ready.
      clock.status = 'advancing';
      clock.sim_target = params.frozen_time;
      clock.status_details = { advancing: { target_frozen_time: params.frozen_time } };
      emit(tx, 'test_helpers.test_clock.advancing', clock);
      return clock;
    },
  ),
  route('DELETE /v1/test_helpers/test_clocks/{}', [], (tx, _, id) => {
    const clock = need(tx, 'test_helpers.test_clock', id);
    tx.now = clock.frozen_time;
    for (const subscription of tx.getAll(
      'subscription',
      undefined,
      (one) => one.test_clock === id,
    )) {
      if (subscription.ended_at === null)
        endSubscription(tx, subscription, 'cancellation_requested');
    }
    for (const customer of tx.getAll('customer', undefined, (one) => one.test_clock === id)) {
      customer.deleted = true;
    }
    tx.remove('test_helpers.test_clock', id);
    emit(tx, 'test_helpers.test_clock.deleted', clock);
    return { id, object: 'test_helpers.test_clock', deleted: true };
  }),
];
