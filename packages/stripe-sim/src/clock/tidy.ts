import type { Transaction } from '../store/transaction.ts';

const daySeconds = 86_400;
/** Stripe lists events for thirty days. */
const eventSeconds = 30 * daySeconds;

/** Once a day: forgets old events with their deliveries, and idempotency keys of yesterday. */
export function tidy(tx: Transaction): void {
  const old = [...tx.scan('event')].filter((event) => event.created < tx.now - eventSeconds);
  for (const event of old) {
    const deliveries = [...tx.scan('sim.delivery', event.id)];
    if (deliveries.some((delivery) => delivery.status === 'pending')) continue;
    for (const { id } of deliveries) tx.remove('sim.delivery', id);
    tx.remove('event', event.id);
  }
  const yesterday = Date.now() / 1000 - daySeconds;
  const stale = [...tx.scan('sim.idempotency')].filter((record) => record.created < yesterday);
  for (const record of stale) tx.remove('sim.idempotency', record.id);
  const [clock] = tx.getAll('sim.clock', undefined);
  if (clock !== undefined) clock.tidy_at = tx.now + daySeconds;
}
