import { releaseDraft } from '../billing/draft.ts';
import { render } from '../wire/render.ts';
import type { Delivery, EventDocument } from '../store/payment-documents.ts';
import type { Store } from '../store/store.ts';
import type { Transaction } from '../store/transaction.ts';
import type { Disturbance } from './script.ts';
import { signatureOf } from './signature.ts';

/** Business seconds to the next attempt; the last repeats until three days are over. */
const backoffSeconds = [60, 300, 900, 3600];
const givenUpSeconds = 72 * 3600;
const answerTimeoutMs = 20_000;

/**
 * Sends the first delivery that is due by a clock and records the answer. Answers whether there was
 * one. The request is outside of any transaction: the receiver may call the API meanwhile.
 */
export async function deliverNext(
  store: Store,
  disturbance: Disturbance,
  testClock: string | null,
  now: number,
): Promise<boolean> {
  await askScript(store, disturbance, testClock, now);
  const delivery = nextOf(store, testClock, now);
  if (delivery === undefined) return false;
  const outcome = await send(store, disturbance, delivery);
  await store.run(now, (tx) => record(tx, delivery.id, outcome));
  return true;
}

function isDue(delivery: Readonly<Delivery>, testClock: string | null, now: number): boolean {
  return delivery.status === 'pending' && delivery.test_clock === testClock && delivery.due <= now;
}

/** Pending deliveries are few: they are found by what is due, not among all there ever were. */
function pending(store: Store): Delivery[] {
  const found: Delivery[] = [];
  for (const due of store.state.dues()) {
    if (due.kind !== 'sim.delivery') continue;
    const delivery = store.state.find('sim.delivery', due.id);
    if (delivery !== undefined) found.push(delivery);
  }
  return found;
}

async function askScript(
  store: Store,
  disturbance: Disturbance,
  testClock: string | null,
  now: number,
): Promise<void> {
  const fresh = pending(store).filter(
    (delivery) => !delivery.is_scripted && isDue(delivery, testClock, now),
  );
  if (fresh.length === 0) return;
  await store.run(now, (tx) => {
    for (const { id } of fresh) {
      const delivery = tx.get('sim.delivery', id);
      if (delivery !== undefined && !delivery.is_scripted) disturbance.apply(tx, delivery);
    }
  });
}

function nextOf(store: Store, testClock: string | null, now: number): Delivery | undefined {
  return pending(store)
    .filter((delivery) => isDue(delivery, testClock, now))
    .toSorted((left, right) => left.due - right.due || left.order - right.order)[0];
}

interface Outcome {
  readonly status: number | null;
  readonly error: string | null;
}

async function send(store: Store, disturbance: Disturbance, delivery: Delivery): Promise<Outcome> {
  const endpoint = store.state.find('webhook_endpoint', delivery.endpoint);
  const event = store.state.find('event', delivery.event);
  if (endpoint === undefined || event === undefined || endpoint.status === 'disabled') {
    return { status: 410, error: 'the endpoint is gone' };
  }
  const payload = JSON.stringify(render(event), null, 2);
  const wrong = disturbance.wrongSignature(delivery);
  const signature = signatureOf(payload, endpoint.sim_secret, Date.now(), wrong);
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (simulated)',
        ...(signature === undefined ? {} : { 'stripe-signature': signature }),
      },
      body: payload,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    // The answer's text does not matter, but the connection is only free once it is read.
    await response.arrayBuffer();
    return { status: response.status, error: null };
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) };
  }
}

function record(tx: Transaction, id: string, outcome: Outcome): void {
  const delivery = tx.get('sim.delivery', id);
  if (delivery === undefined) return;
  delivery.attempts += 1;
  delivery.first_attempt_at ??= tx.now;
  delivery.last_status = outcome.status;
  delivery.last_error = outcome.error;
  const isTaken = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
  if (isTaken || outcome.status === 410) {
    delivery.status = isTaken ? 'delivered' : 'failed';
    settleEvent(tx, delivery.event);
    return;
  }
  const step = Math.min(delivery.attempts, backoffSeconds.length) - 1;
  delivery.due = tx.now + (backoffSeconds[step] ?? 3600);
  if (delivery.due > delivery.first_attempt_at + givenUpSeconds) {
    delivery.status = 'failed';
    settleEvent(tx, delivery.event);
  }
}

/** Counts what is still on its way; a draft may go on once its event has been taken everywhere. */
function settleEvent(tx: Transaction, eventId: string): void {
  const event = tx.get('event', eventId);
  if (event === undefined) return;
  const first = tx.getAll('sim.delivery', eventId, (delivery) => !delivery.is_duplicate);
  event.pending_webhooks = first.filter((delivery) => delivery.status === 'pending').length;
  const isTaken = first.every((delivery) => delivery.status === 'delivered');
  if (event.type === 'invoice.created' && isTaken) releaseDraft(tx, aboutOf(event));
}

function aboutOf(event: EventDocument): string {
  return String(event['sim_about']);
}

/** Sends deliveries again that were lost, given up, or all there are. */
export function resend(
  tx: Transaction,
  wanted: { status?: 'failed' | 'lost' | 'delivered'; event?: string },
): number {
  const deliveries = tx.getAll(
    'sim.delivery',
    wanted.event,
    (delivery) =>
      delivery.status !== 'pending' && delivery.status === (wanted.status ?? delivery.status),
  );
  for (const delivery of deliveries) {
    delivery.status = 'pending';
    delivery.due = tx.now;
    delivery.first_attempt_at = null;
    delivery.attempts = Math.max(1, delivery.attempts);
    delivery.order = delivery.sim_seq;
  }
  return deliveries.length;
}
