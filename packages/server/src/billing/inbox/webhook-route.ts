import type { IncomingMessage } from 'node:http';
import { AppError } from '../../errors.ts';
import { defineRoute } from '../../http/route.ts';
import type { Route } from '../../http/route.ts';
import { type BillingDeps, requireBilling } from '../deps.ts';
import { receiveWebhook, requireFreshSignature } from './inbox.ts';

const bodyBytesMax = 1_048_576;

/** Where the provider tells what happened. */
export function webhookRoute(deps: BillingDeps | null): Route {
  return defineRoute({
    method: 'POST',
    url: '/v1/webhooks/stripe',
    operationId: 'receiveStripeEvent',
    summary: "Stripe's webhook endpoint",
    description:
      'For Stripe alone: the signature in `Stripe-Signature` stands in for credentials. Configure ' +
      'it in Stripe with all events of customers, subscriptions, invoices, payment methods and ' +
      'Checkout.',
    tag: 'Billing',
    access: { kind: 'signed' },
    idempotency: false,
    rawBody: { contentType: 'application/json' },
    responses: { 204: null },
    errors: ['conflict'],
    handler: async ({ request }) => {
      const billing = requireBilling(deps);
      const header = request.headers['stripe-signature'];
      const signature = typeof header === 'string' ? header : undefined;
      // Before the body is read: nobody else is to send us megabytes.
      requireFreshSignature(signature);
      await receiveWebhook(billing, await readBody(request.raw), signature);
      return null;
    },
  });
}

async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytesMax) {
      throw new AppError('invalid_request', 'An event of Stripe has at most 1 MB.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
