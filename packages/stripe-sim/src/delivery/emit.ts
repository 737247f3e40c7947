import { schemaOfObject } from '../contract/blank.ts';
import { findBreach } from '../contract/check-response.ts';
import { contract } from '../contract/contract.ts';
import type { Document } from '../store/documents.ts';
import type { Kind } from '../store/kinds.ts';
import { newId, type Transaction } from '../store/transaction.ts';
import { render } from '../wire/render.ts';
import { StripeError } from '../wire/stripe-error.ts';

/**
 * Writes an event about a document as it is now, and a delivery to each endpoint that wants it, in
 * the transaction that made it true. `….updated` tells what was there before, and so does a removed
 * payment method, which names its customer nowhere else.
 */
export function emit(tx: Transaction, type: string, document: Readonly<Document>): void {
  const object = checked(render(document));
  const endpoints = [...tx.scan('webhook_endpoint')].filter(
    (endpoint) => endpoint.status === 'enabled' && wants(endpoint.enabled_events, type),
  );
  const previous = tellsPrevious(type) ? previousOf(tx, document, object) : undefined;
  const event = tx.insert('event', {
    id: newId('event'),
    object: 'event',
    api_version: contract.apiVersion,
    created: tx.now,
    data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: endpoints.length,
    request: { id: tx.request.id, idempotency_key: tx.request.idempotencyKey },
    type,
    sim_about: document.id,
  });
  const testClock = document['test_clock'];
  for (const endpoint of endpoints) {
    const delivery = tx.insert('sim.delivery', {
      id: newId('sim.delivery'),
      object: 'sim.delivery',
      created: tx.now,
      sim_owner: event.id,
      event: event.id,
      endpoint: endpoint.id,
      status: 'pending',
      attempts: 0,
      first_attempt_at: null,
      due: tx.now,
      order: event.sim_seq,
      is_duplicate: false,
      is_scripted: false,
      last_status: null,
      last_error: null,
      test_clock: typeof testClock === 'string' ? testClock : null,
    });
    delivery.order = delivery.sim_seq;
  }
}

function tellsPrevious(type: string): boolean {
  return type.endsWith('.updated') || type === 'payment_method.detached';
}

/** What goes out in an event is held against the contract like any response. */
function checked(object: Record<string, unknown>): Record<string, unknown> {
  const breach = findBreach(schemaOfObject(String(object['object'])), object);
  if (breach === undefined) return object;
  throw new StripeError(500, 'api_error', `The simulator broke the contract: ${breach}`);
}

function wants(enabled: readonly string[], type: string): boolean {
  return enabled.some((name) => name === '*' || name === type);
}

/** The fields that changed, with what they were when the transaction began. */
function previousOf(
  tx: Transaction,
  document: Readonly<Document>,
  object: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const before = tx.before(document.object as Kind, document.id);
  if (before === undefined) return undefined;
  const shown = render(before);
  const changed = Object.entries(shown).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(object[name]),
  );
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}
