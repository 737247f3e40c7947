import { z } from 'zod';
import type { AppError } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { findOrganizationOfCustomer } from '../customer/sql.ts';
import type { BillingDeps } from '../deps.ts';
import {
  type ClaimedEvent,
  claimEvents,
  finishEvents,
  insertEvents,
  type NewEvent,
  postponeEvents,
} from './sql.ts';
import { adoptCard } from '../payment/payment-method.ts';
import { prepareRenewal } from './renewal.ts';
import { dateOf } from '../provider/stripe.ts';
import { syncOrganization } from '../sync/sync.ts';
import { isSignatureFresh, isSignatureValid } from './webhook-signature.ts';

const customerSchema = z.union([z.string().max(255), z.looseObject({ id: z.string() })]).nullish();

/** As much of an event as is looked at: what it is about, never what it says of it. */
const eventSchema = z.object({
  id: z.string().regex(/^evt_\w{1,200}$/),
  object: z.literal('event'),
  type: z.string().max(200),
  created: z.int(),
  data: z.object({
    object: z.looseObject({
      id: z.string().max(255).optional(),
      object: z.string().max(100).optional(),
      customer: customerSchema,
      billing_reason: z.string().nullish(),
    }),
    // Of whatever form it is: the event itself counts.
    previous_attributes: z.looseObject({ customer: customerSchema }).nullish().catch(null),
  }),
});

type IncomingEvent = z.infer<typeof eventSchema>;

/**
 * Takes in a webhook: its event is on disk when this returns, once however often it comes. The draft
 * of a renewal gets its overage before, since the provider goes on to charge it after our answer.
 *
 * @throws AppError `invalid_request` for a signature or body that is not right; nothing is kept then
 */
export async function receiveWebhook(
  deps: BillingDeps,
  body: Buffer,
  signature: string | undefined,
): Promise<void> {
  if (!isSignatureValid(body, signature, deps.webhookSecrets, Date.now())) throw wrongSignature();
  const event = parseEvent(body);
  await keepEvents(deps, [event], 'webhook');
  if (isRenewalDraft(event)) await prepareRenewal(deps, event.data.object.id ?? '');
}

/** @throws AppError `invalid_request` for a signature that is wrong whatever the body is */
export function requireFreshSignature(signature: string | undefined): void {
  if (!isSignatureFresh(signature, Date.now())) throw wrongSignature();
}

function wrongSignature(): AppError {
  const detail = "must be Stripe's signature of this body, made in the last five minutes";
  return invalidRequest([{ pointer: '/headers/stripe-signature', detail }]);
}

/** Puts events into the inbox. @returns how many were not there yet */
export async function keepEvents(
  deps: BillingDeps,
  events: readonly IncomingEvent[],
  source: NewEvent['source'],
): Promise<number> {
  if (events.length === 0) return 0;
  const rows = events.map((event) => toRow(event, source));
  const inserted = await deps.db.query(insertEvents(rows));
  if (inserted.length > 0) deps.wake();
  return inserted.length;
}

/** An event as the provider lists it. */
export function parseProviderEvent(event: unknown): IncomingEvent {
  return eventSchema.parse(event);
}

function parseEvent(body: Buffer): IncomingEvent {
  try {
    return eventSchema.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw invalidRequest([{ pointer: '/body', detail: 'must be an event of Stripe' }]);
  }
}

function isRenewalDraft({ type, data }: IncomingEvent): boolean {
  return type === 'invoice.created' && data.object.billing_reason === 'subscription_cycle';
}

/** The row of an event, from wherever it came. */
function toRow(event: IncomingEvent, source: NewEvent['source']): NewEvent {
  const { object, previous_attributes: previous } = event.data;
  // A card that was removed is nobody's any more: whose it was stands beside it.
  const customer =
    (object.object === 'customer' ? object.id : object.customer) ?? previous?.customer;
  return {
    id: event.id,
    type: event.type,
    objectId: object.id ?? null,
    customerId: (typeof customer === 'object' ? customer?.id : customer) ?? null,
    source,
    createdAt: dateOf(event.created),
  };
}

/** Works off what waits in the inbox. Any number of processes may; each event has one at a time. */
export async function processInbox(deps: BillingDeps): Promise<number> {
  let count = 0;
  for (;;) {
    const events = await deps.db.query<ClaimedEvent>(claimEvents());
    if (events.length === 0) return count;
    await processEvents(deps, events);
    count += events.length;
  }
}

/** All about one customer, or one about none. What a sync answers never waits for a card. */
async function processEvents(deps: BillingDeps, events: readonly ClaimedEvent[]): Promise<void> {
  const customerId = events[0]?.customer_id ?? null;
  let waiting = events.map((event) => event.id);
  let organizationId: string | null = null;
  try {
    organizationId = customerId === null ? null : await findOwner(deps, customerId);
    if (customerId !== null && organizationId !== null) {
      await syncOrganization(deps, organizationId);
      const pages = events.filter(({ type }) => type === 'checkout.session.completed');
      waiting = pages.map((event) => event.id);
      const answered = events.filter((event) => !pages.includes(event)).map((event) => event.id);
      const outcome = { organizationId, ignoredReason: null };
      await deps.db.query(finishEvents(answered, outcome));
      if (await adoptCards(deps, customerId, pages)) await syncOrganization(deps, organizationId);
    }
    const ignoredReason =
      customerId === null
        ? 'about no customer'
        : organizationId === null
          ? 'a customer of no workspace'
          : null;
    await deps.db.query(finishEvents(waiting, { organizationId, ignoredReason }));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    deps.log.warn({ err: error, events: waiting, organizationId }, 'events could not be processed');
    await deps.db.query(postponeEvents(waiting, organizationId, text.slice(0, 1000)));
  }
}

/** @returns whether one of the pages brought the card that counts */
async function adoptCards(
  deps: BillingDeps,
  customerId: string,
  pages: readonly ClaimedEvent[],
): Promise<boolean> {
  let isAdopted = false;
  for (const { object_id: sessionId } of pages) {
    if (sessionId !== null && (await adoptCard(deps, customerId, sessionId))) isAdopted = true;
  }
  return isAdopted;
}

async function findOwner(deps: BillingDeps, customerId: string): Promise<string | null> {
  const [row] = await deps.db.query<{ organization_id: string }>(
    findOrganizationOfCustomer(customerId),
  );
  return row?.organization_id ?? null;
}
